"""What all emulators share: clock, faults, goods, buyers, control and server; no marketplace's own rules."""
