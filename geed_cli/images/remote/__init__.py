"""Pictures that are elsewhere: ``s3://``, ``gs://``, ``hf://``, ``https://`` and ``http://``, through fsspec.

``address`` says what an address may hold, ``file_system`` what reads it, ``remote_file`` reads parts of one file,
``bucket`` and ``remote_list`` read pictures that are files of their own. fsspec is imported where one is named.
"""
