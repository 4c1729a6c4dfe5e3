"""From open order lines to parcels: pick lists, couriers' sheets out and back, last looks. Sends nothing itself."""
