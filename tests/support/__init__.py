"""What tests of several areas share: certificates, a local chain, requirements, fixtures. Not part of the product."""
