"""Pictures inside of zip and tar archives, read where they lie: nothing is ever unpacked to the disk.

``zip_archive`` and ``tar_archive`` say what an archive holds, ``entries`` what of it counts; ``archive_reader`` reads.
"""
