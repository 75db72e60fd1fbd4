"""Stand-ins and launchers for the demo and the tests. The product never imports this package."""
