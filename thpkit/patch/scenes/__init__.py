"""The scenes that show the defects: what two processes do, on any version of the kernel, and what comes of it."""
