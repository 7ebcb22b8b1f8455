"""What people and programs see of a registry over HTTP: verdict pages, the anchoring log and the API.

`create_app(services)` takes working parts and holds none of its own; `web.wiring` is the composition root. A request
never asks the chain anything: it reads what the anchoring worker stored. Web workers import neither web3 nor typst.
"""
