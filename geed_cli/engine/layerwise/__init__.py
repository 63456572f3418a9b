"""The layerwise measures: what of a batch is compared at a layer, decided once, and the comparing, layer by layer."""
