"""What puts the demo in place: `loading` its district at the first start, `carriers` at each."""
