"""Codecs of formats and lists that others define; pure: they import nothing of ours."""
