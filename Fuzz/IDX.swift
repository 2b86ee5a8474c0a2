// IDX files: whatever the bytes are, the result is a typed error with its place or an array whose sizes agree.
import Formats

private let limit = 1 << 20

func check(_ bytes: UnsafeRawBufferPointer) {
  do throws(FormatError) {
    let array = try IDXFile(ByteView(bytes, keeper: nil), limit: limit).array
    guard array.shape.reduce(1, *) * array.type.bytes == array.bytes.count,
      array.floats().count == array.count, array.doubles().count == array.count
    else { fatalError("accepted, but: \(array.shape) \(array.type)") }
    if array.type.isInteger {
      let integers = try array.integers()
      guard integers.map({ Double($0) }) == array.doubles() else { fatalError("other integers") }
    }
  } catch {
    // Places in a compressed file are those in its content.
    guard let offset = error.offset, (0...max(bytes.count, limit)).contains(offset) else {
      fatalError("no place: \(error)")
    }
  }
}

func seeds() -> [[UInt8]] {
  [0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E].map { code in
    [0, 0, code, 2, 0, 0, 0, 2, 0, 0, 0, 1] + [UInt8](repeating: code, count: [1, 1, 1, 2, 4, 4, 8][Int(code) - 8] * 2)
  }
}
