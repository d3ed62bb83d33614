"""The door into the kernel is typed as well."""

from thpkit.kernel.flags import MapFlags, Prot
from thpkit.kernel.machine import Machine

machine = Machine()
machine.create("/bin/app", size=4 << 20)
machine.create("/bin/app", "4 MiB")  # refused
process = machine.spawn("A")
fd = process.open("/bin/app")
process.mmap(4 << 20, Prot.READ, MapFlags.PRIVATE, fd)
process.mmap(4 << 20, MapFlags.PRIVATE, Prot.READ, fd)  # refused
