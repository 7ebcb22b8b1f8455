"""The issuing body's side: from a spreadsheet row to a signed certificate, its PDF, and its later changes.

It runs on the body's own computer. The private key never leaves it; the registry is spoken to over HTTP.
Start at issue.py.
"""
