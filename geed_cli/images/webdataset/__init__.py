"""Pictures in shards of WebDataset: tars whose files of one key are a sample, on this machine or elsewhere.

``shards`` says which there are, ``info`` is timm's index of them, ``shard_samples`` says what is in one, and
``shard_reader`` reads.
"""
