"""Your calls for ex09. This file is read as data and never run: one list, and nothing that is computed.

    create   path, size, huge                        a file; sizes may be written "4M", "16K"
    spawn    name, mmap_base                         a process
    A.open   path, flags                             gives a descriptor
    A.mmap   length, prot, flags, fd, offset, addr   gives an address; prot may be "READ|EXEC"
    A.touch  addr, access                            one access to memory; addr may be "at + 2M"
    A.munmap addr, length
    A.exit

``gives`` names a result for later calls. There are more: close, mprotect, read, write, truncate, ftruncate, unlink,
mincore, load_text, thread for a process, and drain, fail, interrupt for the machine.
"""

CALLS = [
    {"do": "create", "path": "/lib/libbig.so", "size": "4M"},
    {"do": "spawn", "name": "A", "mmap_base": 0x7F00005FF000},
    {"do": "A.open", "path": "/lib/libbig.so", "gives": "fd"},
    {
        "do": "A.mmap",
        "length": "4M",
        "prot": "READ|EXEC",
        "fd": "fd",
        "gives": "at",
    },
    {"do": "A.touch", "addr": "at + 2M"},
    {"do": "A.munmap", "addr": "at", "length": "4M"},
]
