"""The patch itself: as posted (v3), as reposted (v4, v5), its 76 defects, and single repairs."""
