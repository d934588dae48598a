"""Stories: one night of the demo's district, told by a file, played by its cast through the pages that a person uses.

`script` reads the file, `visitor` is one of the cast at the pages, `moves` are what he can do there, `facts` what can be
asked of the node, and `playing` plays. docs/integrator/stories.md tells how a story is written.
"""
