/// What is wrong at the beginning, with names and with tensor types.
extension MalformedGGUF {
  static let headers: [MalformedGGUF] =
    ["GGML", "FUGG", "gguf", "ggjt", "\u{7F}ELF", "PK\u{3}\u{4}", "GGU\0"].map { magic in
      small(.header, "magic \(magic.debugDescription)", field: "magic") { $0.magic = Array(magic.utf8) }
    }
    + [0, 1, 4, 5, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 0x0300_0000, 0x0200_0000, 0x0001_0000].map { version in
      small(.header, "version \(version)", field: "version") { $0.version = version }
    }

  static let tensorTypes: [MalformedGGUF] =
    (Array<UInt32>([4, 5, 31, 32, 33, 36, 37, 38, 43, 44, 45, 50, 63, 64, 99, 127, 128, 137])
    + [255, 256, 1000, 0xFFFF, 0x0200_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]).map { code in
      small(.tensorType, "tensor type \(code)", field: "y.weight (type)") {
        $0.edit(tensor: "y.weight") { $0.type = code }
      }
    }

  static let duplicates: [MalformedGGUF] = [
    small(.duplicate, "key twice, same value", field: "a.number") { $0.entries.append($0.entries[1]) },
    small(.duplicate, "key twice, other type", field: "a.text") {
      $0.entries.append(GGUFImage.Entry("a.text", type: 4, payload: GGUFBytes.u32(1)))
    },
    small(.duplicate, "alignment twice", field: "general.alignment") {
      for value: UInt32 in [32, 64] {
        $0.entries.append(GGUFImage.Entry("general.alignment", type: 4, payload: GGUFBytes.u32(value)))
      }
    },
    small(.duplicate, "tensor twice, own data", field: "x.weight") { $0.tensors.append($0.tensors[0]) },
    small(.duplicate, "tensor twice, same data", field: "x.weight") {
      $0.tensors.append($0.tensors[0])
      $0.tensors[2].offset = 0
    },
    small(.duplicate, "tensor twice, other shape", field: "y.weight") {
      $0.tensors[0].name = Array("y.weight".utf8)
    },
  ]
}
