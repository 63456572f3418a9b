"""Sets of perturbations that need not be a group: scalings, blurs, JPEG, brightness."""
