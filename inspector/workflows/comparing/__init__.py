"""Two artifacts side by side: what tells them apart."""
