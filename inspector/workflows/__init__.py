"""What a user can ask for, one file each: generators of events that never print."""
