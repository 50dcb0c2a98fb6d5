"""Every line of ours that runs on a machine: sh and the standard library of Python 3.9."""
