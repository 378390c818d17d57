"""A writer of Outlook messages (.msg), byte by byte, since nothing in the test environment writes them."""

import struct

END, FREE, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFF
SECTOR, SMALL = 512, 64


def compound(tree: dict[str, object]) -> bytes:
    """Write a compound file: a value is a stream's bytes or the members of a storage."""
    entries: list[dict[str, object]] = [{"name": "Root Entry", "kind": 5, "right": NONE, "child": NONE, "data": b""}]

    def add(members: dict[str, object], parent: int) -> None:
        previous = -1
        for name, value in members.items():
            entries.append(
                {
                    "name": name,
                    "kind": 1 if isinstance(value, dict) else 2,
                    "right": NONE,
                    "child": NONE,
                    "data": b"" if isinstance(value, dict) else value,
                }
            )
            number = len(entries) - 1
            entries[parent if previous < 0 else previous]["child" if previous < 0 else "right"] = number
            previous = number
            if isinstance(value, dict):
                add(value, number)

    add(tree, 0)
    sectors: list[bytes] = []
    fat: list[int] = []
    small_fat: list[int] = []
    small = b""

    def store(data: bytes) -> int:
        if not data:
            return END
        start, count = len(sectors), -(-len(data) // SECTOR)
        sectors.extend(data[i * SECTOR : (i + 1) * SECTOR].ljust(SECTOR, b"\0") for i in range(count))
        fat.extend([*range(start + 1, start + count), END])
        return start

    for entry in entries[1:]:
        data = entry["data"]
        assert isinstance(data, bytes)
        if len(data) >= 4096:
            entry["start"] = store(data)
        elif data:
            entry["start"], count = len(small_fat), -(-len(data) // SMALL)
            small_fat.extend([*range(len(small_fat) + 1, len(small_fat) + count), END])
            small += data.ljust(count * SMALL, b"\0")
    entries[0]["data"], entries[0]["start"] = small, store(small)
    small_start = store(struct.pack(f"<{len(small_fat)}I", *small_fat))
    directory = b""
    for entry in entries:
        name = str(entry["name"]).encode("utf-16-le")
        directory += struct.pack(
            "<64sHBBIII36xIQ",
            name,
            len(name) + 2,
            entry["kind"],
            1,
            NONE,
            entry["right"],
            entry["child"],
            entry.get("start", 0),
            len(entry["data"]),
        )  # type: ignore[arg-type]
    directory_start = store(directory)
    fat_start = len(sectors)
    count = -(-(len(fat) + 8) // 128)
    fat += [0xFFFFFFFD] * count
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(count * SECTOR, b"\xff")
    sectors += [table[i * SECTOR : (i + 1) * SECTOR] for i in range(count)]
    places = [*range(fat_start, fat_start + count), *[FREE] * (109 - count)]
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        62,
        3,
        0xFFFE,
        9,
        6,
        0,
        count,
        directory_start,
        0,
        4096,
        small_start,
        1,
        END,
        0,
    )
    return header + struct.pack("<109I", *places) + b"".join(sectors)


def table(header: int, **numbers: int) -> bytes:
    return bytes(header) + b"".join(
        struct.pack("<HHIQ", 3, int(tag[1:], 16), 6, value) for tag, value in numbers.items()
    )


def msg(strings: dict[int, str | bytes], *, encoding: str = "utf-16-le", **numbers: int) -> bytes:
    kind = "001F" if encoding == "utf-16-le" else "001E"
    tree: dict[str, object] = {"__properties_version1.0": table(32, **numbers)}
    for tag, value in strings.items():
        if isinstance(value, bytes):
            tree[f"__substg1.0_{tag:04X}0102"] = value
        else:
            tree[f"__substg1.0_{tag:04X}{kind}"] = (value + "\0").encode(encoding)
    tree["__recip_version1.0_#00000000"] = {
        "__properties_version1.0": table(8),
        f"__substg1.0_39FE{kind}": "info@kumiai.example".encode(encoding),
    }
    tree["__attach_version1.0_#00000000"] = {
        "__substg1.0_37010102": b"x" * 5000,
        f"__substg1.0_1000{kind}": "殺すぞ".encode(encoding),
    }
    return compound(tree)
