"""Several results side by side: are they comparable, how do they differ, and is that more than chance?

Works on saved results alone; nothing here needs torch. The first subject is the reference, and a positive
difference means that the other is further from invariance.
"""
