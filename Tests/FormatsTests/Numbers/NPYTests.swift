import Formats
import Testing

@Suite("NPY and NPZ") struct NPYTests {
  private func file(_ shape: [Int], _ values: [Float]) -> [UInt8] {
    NPYFile.header(shape: shape)
      + values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
  }

  private func parse(_ bytes: ByteView) throws(FormatError) { _ = try NPYFile(bytes) }

  private func parseArchive(_ bytes: ByteView) throws(FormatError) {
    let archive = try NPZFile(bytes)
    for name in archive.names { _ = try archive.array(named: name, limit: 1 << 16) }
  }

  @Test func headersAreNumpys() {
    // numpy.save of zeros((2, 3), '<f4'), numpy 2.4.6: 128 bytes and the data.
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    let expected = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8)
    let header = NPYFile.header(shape: [2, 3])
    #expect(header.count == 128 && Array(header.prefix(expected.count)) == expected && header.last == 10)
    #expect(String(decoding: NPYFile.header(shape: [7]).dropFirst(10), as: UTF8.self).contains("'shape': (7,), "))
  }

  @Test(arguments: [[], [0], [5], [2, 3], [3, 0], [2, 1, 4]]) func arraysComeBack(_ shape: [Int]) throws {
    let values = (0..<shape.reduce(1, *)).map { Float($0) * -0.75 }
    let read = try NPYFile(ByteView(copying: file(shape, values))).array
    #expect(read.shape == shape && read.floats() == values && read.type == .float32)
  }

  @Test("Every type, order and version that numpy writes is read as it was") func numpysFiles() throws {
    let expected = try NumpyFixtures.expected().filter { $0.key.hasSuffix(".npy") && !$0.key.contains("/") }
    #expect(expected.count >= 55)
    for member in expected {
      let array = try NPYFile(ByteView(copying: NumpyFixtures.bytes(member.key))).array
      try NumpyFixtures.compare(array, member.key, member.value)
    }
  }

  @Test(arguments: ["stored.npz", "compressed.npz"]) func numpysArchives(_ name: String) throws {
    let archive = try NPZFile(ByteView(copying: NumpyFixtures.bytes(name)))
    #expect(archive.names == ["x", "labels", "zeros"])
    for member in try NumpyFixtures.expected() where member.key.hasPrefix(name + "/") {
      let array = try archive.array(named: String(member.key.dropFirst(name.count + 1)))
      try NumpyFixtures.compare(array, member.key, member.value)
    }
    #expect(throws: FormatError.missingTensor(field: "y")) { try archive.array(named: "y") }
    #expect(throws: FormatError.self) { try archive.array(named: "zeros", limit: 8127) }
    #expect(throws: Never.self) { try archive.array(named: "zeros", limit: 8128) }
  }

  @Test func cutAndChangedFilesAreRefusedOrRead() throws {
    let small = file([2, 3], [1, 2, 3, 4, 5, 6])
    try HostileLaws.refusesParts(small, parse)
    HostileLaws.survivesEveryBit(small, parse)
    try HostileLaws.refusesParts(NumpyFixtures.bytes("version3.npy"), parse)
    HostileLaws.survivesEveryBit(try NumpyFixtures.bytes("version2.npy"), parse)
    HostileLaws.survivesEveryBit(try NumpyFixtures.bytes("big-c16-f.npy"), parse)
  }

  @Test func cutAndChangedArchivesAreRefusedOrRead() throws {
    let packed = try NumpyFixtures.bytes("compressed.npz")
    try HostileLaws.refusesParts(packed, parseArchive)
    HostileLaws.survivesEveryBit(packed, parseArchive)
  }

  /// The small file with a part of its header replaced.
  private func replaced(_ old: String, _ new: String) -> [UInt8] {
    let good = file([2, 3], [1, 2, 3, 4, 5, 6])
    let text = String(decoding: good[10..<128], as: UTF8.self).replacing(old, with: new)
    return Array(good[..<8]) + [UInt8(text.utf8.count & 0xFF), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
      + good[128...]
  }

  @Test func hostileHeadersAreRefusedByName() throws {
    let types = ["<f8", ">x4", "f4", "", "<f3", "|f4", "<c4", "|O", "<U3", "|S5", "<M8[ns]", "|V4", "<f16", "\\x3cf4"]
    for type in types {
      HostileLaws.prove(replaced("<f4", type), "type '\(type)'", field: type == "<f8" ? "data" : "header: descr", parse)
    }
    HostileLaws.prove(replaced("'<f4'", "[('a', '<f4')]"), "records", field: "header: descr", parse)
    let long = String(repeating: "f", count: 99)
    HostileLaws.prove(replaced("<f4", long), "a long type", field: "header: descr", parse)
    for order in ["1", "true", "'False'", "", "Tru", "None"] {
      HostileLaws.prove(replaced("False", order), "order \(order)", field: "header: fortran_order", parse)
    }
    let shapes = [
      "(-2, -3)", "(2, x)", "[2, 3]", "(4611686018427387904, 8)", "(99999999999999999999,)", "(2 3)", "(2, 3", "(,)",
      "(2.0, 3)", "(0x2, 3)", "(" + String(repeating: "1,", count: 65) + ")", "6",
    ]
    for shape in shapes {
      HostileLaws.prove(replaced("(2, 3)", shape), "shape \(shape)", field: "header: shape", parse)
    }
    HostileLaws.prove(replaced("(2, 3)", "(2, 4)"), "another shape", field: "data", parse)
    HostileLaws.prove(replaced("(2, 3)", "(7,)"), "another shape", field: "data", parse)
    HostileLaws.prove(replaced("(2, 3)", "(9223372036854775807, 0, 2)"), "an empty shape", field: "data", parse)
    for (old, new) in [
      ("shape", "shame"), ("'shape': (2, 3), ", ""), ("'shape': (2, 3)", "'shape': (2, 3), 'shape': (2, 3)"),
      ("{", "["), ("}", "} x"), (": (", " ("), ("'descr'", "descr"), ("'descr'", "'desc\u{0}r'"), ("}", ""),
    ] {
      HostileLaws.prove(replaced(old, new), "\(old) as \(new)", parse)
    }
    #expect(throws: Never.self) { try NPYFile(ByteView(copying: replaced("False", " False"))) }
    #expect(throws: Never.self) { try NPYFile(ByteView(copying: replaced("(2, 3), }", "(2L, 3L)}"))) }
    for version in [0, 4, 9, 255] as [UInt8] {
      var bytes = file([1], [1])
      bytes[6] = version
      HostileLaws.prove(bytes, "version \(version)", field: "version", parse)
    }
  }

  @Test("Whole numbers above 2⁶³ − 1 and other numbers are no integers") func integers() throws {
    let large = try NPYFile(ByteView(copying: NumpyFixtures.bytes("little-u8-c.npy"))).array
    #expect(throws: FormatError.self) { try large.integers() }
    let real = try NPYFile(ByteView(copying: NumpyFixtures.bytes("one.npy"))).array
    #expect(throws: FormatError.self) { try real.integers() }
  }
}
