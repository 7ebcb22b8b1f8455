"""JSON Schemas (2020-12) of Certlog's own formats, as plain dicts.

They are closed: an unknown member is refused. They describe shapes; rules that relate two members (dates in
order, a slot that fits its list) are in code.
"""
