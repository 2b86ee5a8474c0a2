/// Counts and lengths that lie: G1, G2, G3, G5, G10 and G12.
extension MalformedGGUF {
  private static let huge: [UInt64] = [
    .max, 1 << 63, (1 << 63) - 1, 1 << 61, 0x0555_5555_5555_5556, 1 << 32, (1 << 16) + 1, 1000,
  ]

  static let counts: [MalformedGGUF] =
    huge.map { count in
      small(.g1, "\(count) metadata entries", field: "metadata count") { $0.entryCount = count }
    }
    + huge.map { count in small(.g1, "\(count) tensors", field: "tensor count") { $0.tensorCount = count } }
    + [
      small(.g1, "one metadata entry more than there is", field: "tensor[0].name (length)") { $0.entryCount = 6 },
      small(.g1, "one metadata entry fewer than there is", field: "a.numbers (dimension count)") { $0.entryCount = 4 },
      small(.g1, "both counts at their most", field: "tensor count") {
        $0.entryCount = .max
        $0.tensorCount = .max
      },
    ]

  private static let lengths: [UInt64] = [.max, .max - 7, 1 << 63, (1 << 63) - 1, 1 << 40, 1 << 32]

  static let strings: [MalformedGGUF] =
    lengths.map { length in
      small(.g2, "key of \(length) bytes", field: "metadata[1].key (length)") { $0.entries[1].keyLength = length }
    }
    + lengths.map { length in
      small(.g2, "text of \(length) bytes", field: "a.text (length)") {
        $0.edit("a.text") { $0.payload = GGUFBytes.u64(length) + Array("text".utf8) }
      }
    }
    + lengths.map { length in
      small(.g2, "tensor name of \(length) bytes", field: "tensor[0].name (length)") {
        $0.tensors[0].nameLength = length
      }
    }
    + [
      small(.g2, "empty key", field: "metadata[1].key") { $0.entries[1].key = [] },
      small(.g2, "empty tensor name", field: "tensor[0].name") { $0.tensors[0].name = [] },
      small(.g2, "key of 65536 bytes", field: "metadata[1].key (length)") {
        $0.entries[1].key = [UInt8](repeating: 0x61, count: 1 << 16)
      },
      small(.g2, "tensor name of 64 bytes", field: "tensor[0].name (length)") {
        $0.tensors[0].name = [UInt8](repeating: 0x61, count: 64)
      },
      small(.g2, "key with a zero byte", field: "metadata[1].key") { $0.entries[1].key = [0x61, 0, 0x62] },
      small(.g2, "key with a line end", field: "metadata[1].key") { $0.entries[1].key = [0x61, 0x0D, 0x0A] },
      small(.g2, "key that is not UTF-8", field: "metadata[1].key") { $0.entries[1].key = [0xC3, 0x28] },
      small(.g2, "key one byte longer than it is", field: "metadata[1].key") { $0.entries[1].keyLength = 9 },
      small(.g2, "tensor name with a zero byte", field: "tensor[0].name") { $0.tensors[0].name = [0x61, 0] },
      small(.g2, "tensor name that is not UTF-8", field: "tensor[0].name") { $0.tensors[0].name = [0xFF] },
      small(.g2, "text that is not UTF-8", field: "a.text") {
        $0.edit("a.text") { $0.payload = GGUFBytes.string([0xF5, 0x80]) }
      },
    ]

  static let arrays: [MalformedGGUF] =
    ([
      (10, 1 << 61), (12, (1 << 61) + 1), (2, 1 << 63), (4, 1 << 62), (8, 1 << 61), (8, 1 << 60), (0, .max),
      (0, 1 << 63), (7, 1 << 62), (5, 1 << 32), (8, 1 << 40), (6, 1 << 20),
    ] as [(UInt32, UInt64)]).map { type, count in
      small(.g3, "array of \(count) values of type \(type)", field: "a.numbers (count)") {
        $0.edit("a.numbers") { $0.payload = GGUFBytes.array(of: type, claiming: count, [1, 2, 3, 4]) }
      }
    }
    + lengths.map { length in
      small(.g3, "string of \(length) bytes in an array", field: "a.strings[1]") {
        $0.edit("a.strings") {
          $0.payload = GGUFBytes.array(
            of: 8, count: 3, GGUFBytes.string([0x61]) + GGUFBytes.u64(length) + GGUFBytes.string([0x62]))
        }
      }
    }
    + [
      small(.g3, "one string fewer than the count", field: "metadata[4].key (length)") {
        $0.edit("a.strings") { $0.payload = GGUFBytes.u32(8) + GGUFBytes.u64(4) + $0.payload.dropFirst(12) }
      }
    ]

  static let failures: [MalformedGGUF] =
    [(0, "general.architecture"), (2, "a.text"), (4, "a.numbers")].flatMap { place, key in
      [13, 255, 0xFFFF_FFFF].map { (code: UInt32) in
        small(.g5, "value type \(code) in entry \(place)", field: "\(key) (type)") { $0.entries[place].type = code }
      }
    }
    + [13, 1 << 31].map { (code: UInt32) in
      small(.g5, "array of type \(code)", field: "a.numbers (element type)") {
        $0.edit("a.numbers") { $0.payload = GGUFBytes.array(of: code, count: 1, [0, 0, 0, 0, 0, 0, 0, 0]) }
      }
    }
    + [2, 255].map { (value: UInt8) in
      small(.g5, "bool of \(value)", field: "a.number") { $0.set("a.number", type: 7, payload: [value]) }
    }
    + [
      small(.g5, "second tensor fails after the first is read", field: "tensor[1].name (length)") {
        $0.tensors[1].nameLength = .max
      },
      small(.g5, "last of fifty tensors fails", field: "t.49 (dimension count)") {
        let first = $0.tensors[0]
        $0.tensors = (0..<50).map { GGUFImage.Tensor("t.\($0)", extents: first.extents, type: 0, data: first.data) }
        $0.tensors[49].rank = 77
      },
    ]

  static let gibibytes: [MalformedGGUF] = [
    small(.g10, "text of a gibibyte", field: "a.text (length)") {
      $0.edit("a.text") { $0.payload = GGUFBytes.u64(1 << 30) }
    },
    small(.g10, "key of a gibibyte", field: "metadata[0].key (length)") { $0.entries[0].keyLength = 1 << 30 },
    small(.g10, "tensor name of a gibibyte", field: "tensor[1].name (length)") { $0.tensors[1].nameLength = 1 << 30 },
    small(.g10, "a gibibyte of bytes in an array", field: "a.numbers (count)") {
      $0.edit("a.numbers") { $0.payload = GGUFBytes.array(of: 0, claiming: 1 << 30, []) }
    },
    small(.g10, "a gibibyte of floats in an array", field: "a.numbers (count)") {
      $0.edit("a.numbers") { $0.payload = GGUFBytes.array(of: 6, claiming: 1 << 28, []) }
    },
    small(.g10, "2^27 strings in an array", field: "a.strings (count)") {
      $0.edit("a.strings") { $0.payload = GGUFBytes.array(of: 8, claiming: 1 << 27, []) }
    },
    small(.g10, "a string of a gibibyte in an array", field: "a.strings[0]") {
      $0.edit("a.strings") { $0.payload = GGUFBytes.array(of: 8, count: 1, GGUFBytes.u64(1 << 30)) }
    },
    small(.g10, "tensor of a gibibyte", field: "x.weight (offset)") { $0.tensors[0].extents = [1 << 14, 1 << 14] },
    small(.g10, "quantised tensor of a tebibyte", field: "y.weight (offset)") {
      $0.tensors[1].extents = [1 << 20, 1 << 20]
    },
  ]

  static let nestedArrays: [MalformedGGUF] =
    [2, 3, 100, 10_000, 100_000].map { depth in
      small(.g12, "arrays nested \(depth) deep", field: "a.numbers (element type)") {
        var payload: [UInt8] = []
        for _ in 1..<depth { payload += GGUFBytes.u32(9) + GGUFBytes.u64(1) }
        payload += GGUFBytes.array(of: 0, count: 1, [7])
        let nested = payload
        $0.edit("a.numbers") { $0.payload = nested }
      }
    }
    + [
      small(.g12, "an array of no arrays", field: "a.numbers (element type)") {
        $0.edit("a.numbers") { $0.payload = GGUFBytes.array(of: 9, count: 0, []) }
      },
      small(.g12, "an array of 2^60 arrays", field: "a.numbers (element type)") {
        $0.edit("a.numbers") { $0.payload = GGUFBytes.array(of: 9, claiming: 1 << 60, []) }
      },
      small(.g12, "an array of arrays of strings", field: "a.strings (element type)") {
        $0.edit("a.strings") {
          $0.payload = GGUFBytes.array(of: 9, count: 1, GGUFBytes.array(of: 8, count: 1, GGUFBytes.string([0x61])))
        }
      },
    ]
}
