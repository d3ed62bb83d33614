"""Rules of behaviour: nothing held, nobody both writing and forbidding, no splat."""

from __future__ import annotations

from thpkit.checks.census import Census
from thpkit.kernel.flags import FMode, VmFlags
from thpkit.kernel.fs import File
from thpkit.kernel.init import Kernel


def quiet(kernel: Kernel, counted: Census) -> str | None:
    """I11: what was taken was given back."""
    for task in kernel.tasks.values():
        held = task.holds()
        if held:
            return f"{task} holds {', '.join(each.lock.kname for each in held)} outside every call"
    cpu = kernel.cpu
    if cpu.irqs_disabled or cpu.preempt_count or cpu.rcu_depth:
        return (
            f"{cpu}: irqs {'off' if cpu.irqs_disabled else 'on'}, preempt_count "
            f"{cpu.preempt_count}, rcu depth {cpu.rcu_depth} outside every call"
        )
    return None


def _open_files(kernel: Kernel) -> dict[str, File]:
    """Every open file by name: those of descriptors and those of mappings."""
    found = {}
    for task in kernel.tasks.values():
        for file in task.files.values() if task.files is not None else []:
            found[file.kname] = file
    for inode in kernel.inodes.values():
        for vma in (
            inode.i_mapping.i_mmap.values() if inode.i_mapping is not None else []
        ):
            if vma.vm_file is not None:
                found[vma.vm_file.kname] = vma.vm_file
    return found


def write_counts(kernel: Kernel, counted: Census) -> str | None:
    """Each open file with write access counts up, each mapping that forbids writing counts down."""
    files = _open_files(kernel)
    for inode in kernel.inodes.values():
        writers = sum(
            f.f_inode is inode and bool(f.f_mode & FMode.WRITE) for f in files.values()
        )
        vmas = inode.i_mapping.i_mmap.values() if inode.i_mapping is not None else []
        denials = sum(bool(vma.vm_flags & VmFlags.DENYWRITE) for vma in vmas)
        if inode.i_writecount != writers - denials:
            return (
                f"{inode} says i_writecount {inode.i_writecount}; there are {writers} writers and "
                f"{denials} mappings that forbid writing"
            )
    return None


def no_splats(kernel: Kernel, counted: Census) -> str | None:
    """Nothing was reported."""
    if kernel.splats:
        last = kernel.splats[len(kernel.splats)]
        return (
            f"{len(kernel.splats)} reports, the last one: {last.rule}: {last.sentence}"
        )
    return None
