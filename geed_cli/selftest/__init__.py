"""The known answers of ``geed selftest``: networks whose in/equivariance is known by theorem, measured anew.

Each check audits small networks on pictures of noise through the pipeline that every audit uses, on the chosen device
and in the chosen precision. What is expected is worked out by hand; docs/selftest.md has the list with its reasons.
"""
