import Formats
import Testing

@Suite struct NPYTests {
  private func file(_ shape: [Int], _ values: [Float]) -> [UInt8] {
    NPYFile.header(shape: shape)
      + values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
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
    let read = try NPYFile(file(shape, values))
    #expect(read.shape == shape && read.values == values)
  }

  @Test func hostileFilesAreRefused() throws {
    let good = file([2, 3], [1, 2, 3, 4, 5, 6])
    for count in 0..<good.count { #expect(throws: FormatError.self) { try NPYFile(Array(good[..<count])) } }
    #expect(throws: FormatError.self) { try NPYFile(good + [0]) }
    func replaced(_ old: String, _ new: String) -> [UInt8] {
      let text = String(decoding: good[10..<128], as: UTF8.self).replacing(old, with: new)
      return Array(good[..<8]) + [UInt8(text.utf8.count & 0xFF), UInt8(text.utf8.count >> 8)] + Array(text.utf8)
        + good[128...]
    }
    let changes = [
      ("<f4", ">f4"), ("<f4", "<f8"), ("False", "True "), ("2, 3", "-2, -3"), ("2, 3", "2, x"), ("(2, 3)", "[2, 3]"),
      ("shape", "shame"), ("2, 3", "4611686018427387904, 8"), ("2, 3", "99999999999999999999"), ("2, 3", "2, 4"),
    ]
    for (old, new) in changes { #expect(throws: FormatError.self, "\(new)") { try NPYFile(replaced(old, new)) } }
    #expect(throws: Never.self) { try NPYFile(replaced("False", " False")) }
    var version = good
    version[6] = 9
    #expect(throws: FormatError.self) { try NPYFile(version) }
  }
}
