"""A writer of small Outlook data files (.pst), after [MS-PST], since nothing in the test environment writes them.

It writes all that a reader follows: header, the two B-trees, blocks, heaps, properties and recipient tables. The maps
of free space are left out and declared invalid; the file says so, and a reader needs none.
"""

import struct
import zlib
from collections.abc import Mapping

INTEGER, TIME, NARROW, WIDE, BINARY = 0x0003, 0x0040, 0x001E, 0x001F, 0x0102
Value = int | str | bytes
#: By number of the property.
Values = Mapping[int, Value]

STORE, NAMES, ROOT, SUBTREE = 0x21, 0x61, 0x122, 0x8022
_RECIPIENTS = 0x692
_TIMES = {0x0039, 0x0E06}
_LONGEST_IN_HEAP = 3_000


def _crc(data: bytes) -> int:
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _signature(place: int, number: int) -> int:
    mixed = (place ^ number) & 0xFFFFFFFF
    return (mixed >> 16) ^ (mixed & 0xFFFF)


class OutlookStore:
    """A data file in the making: Unicode, or with `encoding` the older ANSI format."""

    def __init__(self, encoding: str = "") -> None:
        self.encoding = encoding
        self.word = "I" if encoding else "Q"
        self.blocks: list[tuple[int, bytes]] = []
        self.nodes: dict[int, tuple[int, int, int]] = {}
        self.next_block = 4
        self.next_index = 0x500
        entry = bytes(20) + struct.pack("<I", SUBTREE)
        self._node(STORE, 0, {0x3001: "store", 0x35E0: entry})
        self._node(NAMES, 0, {0x0001: 251, 0x0002: bytes(16), 0x0003: bytes(8), 0x0004: bytes(4)})
        self._node(ROOT, ROOT, {0x3001: ""})
        self._node(SUBTREE, ROOT, {0x3001: "Top of Personal Folders"})

    def folder(self, name: Value, parent: int = SUBTREE) -> int:
        number = self._number(0x02)
        self._node(number, parent, {0x3001: name, 0x3613: "IPF.Note"})
        return number

    def message(self, folder: int, values: Values, recipients: list[Values] | None = None) -> int:
        number = self._number(0x04)
        below = {_RECIPIENTS: self._table(recipients)} if recipients else {}
        self._node(number, folder, values, below)
        return number

    def _number(self, kind: int) -> int:
        self.next_index += 1
        return self.next_index << 5 | kind

    # --- blocks and nodes ---

    def _block(self, data: bytes, *, internal: bool = False) -> int:
        number = self.next_block | (2 if internal else 0)
        self.next_block += 4
        self.blocks.append((number, data))
        return number

    def _data(self, data: bytes) -> int:
        size = 8180 if self.encoding else 8176
        if len(data) <= size:
            return self._block(data)
        pieces = [self._block(data[i : i + size]) for i in range(0, len(data), size)]
        return self._block(
            struct.pack(f"<BBHI{len(pieces)}{self.word}", 1, 1, len(pieces), len(data), *pieces), internal=True
        )

    def _node(self, number: int, parent: int, values: Values, below: dict[int, bytes] | None = None) -> None:
        below = dict(below or {})
        data = self._properties(values, below)
        subnodes = 0
        if below:
            rows = b"".join(struct.pack(f"<3{self.word}", key, self._data(below[key]), 0) for key in sorted(below))
            head = struct.pack("<BBH", 2, 0, len(below)) + (b"" if self.encoding else bytes(4))
            subnodes = self._block(head + rows, internal=True)
        self.nodes[number] = (self._data(data), subnodes, parent)

    # --- heaps ---

    def _value(self, tag: int, value: Value) -> tuple[int, bytes]:
        if isinstance(value, int):
            return (TIME, struct.pack("<Q", value)) if tag in _TIMES else (INTEGER, struct.pack("<I", value))
        if isinstance(value, bytes):
            return BINARY, value
        return (NARROW, value.encode(self.encoding)) if self.encoding else (WIDE, value.encode("utf-16-le"))

    @staticmethod
    def _heap(kind: int, root: int, items: list[bytes]) -> bytes:
        body, places = b"", []
        for item in items:
            places.append(12 + len(body))
            body += item
        places.append(12 + len(body))
        body += bytes(len(body) % 2)
        head = struct.pack("<HBBI4x", 12 + len(body), 0xEC, kind, root)
        return head + body + struct.pack(f"<HH{len(places)}H", len(items), 0, *places)

    def _properties(self, values: Values, below: dict[int, bytes]) -> bytes:
        items: list[bytes] = [b"", b""]
        rows = b""
        for tag in sorted(values):
            kind, data = self._value(tag, values[tag])
            if kind == INTEGER:
                reference = struct.unpack("<I", data)[0]
            elif len(data) > _LONGEST_IN_HEAP:
                reference = (0x100 + len(below)) << 5 | 0x1F
                below[reference] = data
            elif data:
                items.append(data)
                reference = len(items) << 5
            else:
                reference = 0
            rows += struct.pack("<HHI", tag, kind, reference)
        items[0] = struct.pack("<BBBBI", 0xB5, 2, 6, 0, 2 << 5)
        items[1] = rows
        return self._heap(0xBC, 1 << 5, items)

    def _table(self, rows: list[Values], numbers: list[int] | None = None) -> bytes:
        tags = sorted({tag for row in rows for tag in row})
        kind = NARROW if self.encoding else WIDE
        columns = struct.pack("<HHHBB", INTEGER, 0x67F2, 0, 4, 0) + struct.pack("<HHHBB", INTEGER, 0x67F3, 4, 4, 1)
        for place, tag in enumerate(tags):
            columns += struct.pack("<HHHBB", kind, tag, 8 + 4 * place, 4, 2 + place)
        width = 8 + 4 * len(tags)
        items = [b""] * 4
        matrix, index = b"", b""
        for place, row in enumerate(rows):
            number = numbers[place] if numbers else place
            cells = struct.pack("<II", number, 0)
            for tag in tags:
                items.append(self._value(tag, row[tag])[1])
                cells += struct.pack("<I", len(items) << 5)
            matrix += cells + b"\xff"
            index += struct.pack("<IH" if self.encoding else "<II", number, place)
        head = (0x7C, 2 + len(tags), width, width, width, width + 1, 2 << 5, 4 << 5 if rows else 0, 0)
        items[0] = struct.pack("<BB4HIII", *head) + columns
        items[1] = struct.pack("<BBBBI", 0xB5, 4, 2 if self.encoding else 4, 0, 3 << 5 if rows else 0)
        items[2], items[3] = index, matrix
        return self._heap(0x7C, 1 << 5, items)

    def _members(self) -> None:
        """Write the tables of sub-folders and messages, by which readers find what is in a folder."""
        for folder in [number for number in self.nodes if number & 0x1F == 0x02]:
            for kind, table in ((0x02, 0x0D), (0x04, 0x0E), (0x08, 0x0F)):
                members = sorted(
                    number
                    for number, (_, _, parent) in self.nodes.items()
                    if number & 0x1F == kind and parent == folder != number
                )
                data = self._table([{} for _ in members], members)
                self.nodes[folder & ~0x1F | table] = (self._data(data), 0, 0)

    # --- the file ---

    def _trailer(self, first: bytes, data: bytes, place: int, number: int) -> bytes:
        signature = struct.pack("<H", _signature(place, number))
        order = struct.pack("<II", number, _crc(data)) if self.encoding else struct.pack("<IQ", _crc(data), number)
        return first + signature + order

    def _tree(self, out: bytearray, kind: int, rows: list[bytes], level: int = 0) -> tuple[int, int]:
        """Write the pages of a B-tree and return number and place of the topmost."""
        room = 496 if self.encoding else 488
        step = len(rows[0])
        most = room // step
        above: list[bytes] = []
        for start in range(0, len(rows), most):
            some = rows[start : start + most]
            page = b"".join(some).ljust(room, b"\0") + struct.pack("<BBBB", len(some), most, step, level)
            page += b"" if self.encoding else bytes(4)
            out += bytes(-len(out) % 512)
            place, number = len(out), self.next_block
            self.next_block += 4
            out += page + self._trailer(bytes((kind, kind)), page, place, number)
            key = some[0][: struct.calcsize(self.word)]
            above.append(key + struct.pack(f"<2{self.word}", number, place))
        return self._tree(out, kind, above, level + 1) if len(above) > 1 else (number, place)

    def __bytes__(self) -> bytes:
        self._members()
        out = bytearray(0x4600)
        found: list[bytes] = []
        for number, data in self.blocks:
            place, size = len(out), 12 if self.encoding else 16
            out += data + bytes(-(len(data) + size) % 64)
            out += self._trailer(struct.pack("<H", len(data)), data, place, number)
            found.append(
                struct.pack(f"<2{self.word}HH", number, place, len(data), 2) + (b"" if self.encoding else bytes(4))
            )
        nodes = [
            struct.pack(f"<3{self.word}I", number, *self.nodes[number]) + (b"" if self.encoding else bytes(4))
            for number in sorted(self.nodes)
        ]
        block_tree = self._tree(out, 0x80, found)
        node_tree = self._tree(out, 0x81, nodes)
        word = self.word
        root = struct.pack(f"<I4{word}4{word}I", 0, len(out), 0x4400, 0, 0, *node_tree, *block_tree, 0)
        numbers = struct.pack(f"<2{word}I", self.next_block, self.next_block, 1)
        if not self.encoding:
            numbers = bytes(8) + struct.pack("<QI", self.next_block, 1)
        middle = numbers + struct.pack("<32I", *[0x600] * 32) + (b"" if self.encoding else bytes(8)) + root
        middle += (b"" if self.encoding else bytes(4)) + b"\xff" * 256 + b"\x80\x00\x00\x00"
        middle += b"" if self.encoding else struct.pack("<Q", self.next_block)
        known = b"SM" + struct.pack("<HHBB8x", 14 if self.encoding else 23, 19, 1, 1) + middle
        known = known.ljust(516, b"\0")
        head = b"!BDN" + struct.pack("<I", _crc(known[:471])) + known
        head += b"" if self.encoding else struct.pack("<I", _crc(known))
        out[: len(head)] = head
        return bytes(out)
