// Numpy's arrays and archives: whatever the bytes are, the result is a typed error with its place or an array whose sizes
// agree.
import Formats

private let limit = 1 << 20

func check(_ bytes: UnsafeRawBufferPointer) {
  let view = ByteView(bytes, keeper: nil)
  do throws(FormatError) { prove(try NPYFile(view).array) } catch { prove(error, bytes.count) }
  do throws(FormatError) {
    let archive = try NPZFile(view)
    for name in archive.names {
      do throws(FormatError) { prove(try archive.array(named: name, limit: limit)) } catch {
        prove(error, max(bytes.count, limit))
      }
    }
  } catch { prove(error, bytes.count) }
}

private func prove(_ array: NumberArray) {
  let numbers = array.count * (array.type.isComplex ? 2 : 1)
  guard array.shape.reduce(1, *) == array.count, array.floats().count == numbers, array.doubles().count == numbers
  else { fatalError("accepted, but: \(array.shape) \(array.type)") }
  if array.type.isInteger { _ = try? array.integers() }
}

private func prove(_ error: FormatError, _ count: Int) {
  if case .missingKey = error { return }
  guard !error.description.isEmpty, let offset = error.offset, (0...count).contains(offset) else {
    fatalError("no place: \(error)")
  }
}

func seeds() -> [[UInt8]] {
  var seeds = [
    NPYFile.header(shape: [2, 1]) + [UInt8](repeating: 7, count: 8), NPYFile.header(shape: []) + [0, 0, 128, 63],
  ]
  for (descr, order, bytes) in [("|b1", "False", 1), (">i8", "True", 8), ("<c16", "True", 16), (">f2", "False", 2)] {
    let text = "{'descr': '\(descr)', 'fortran_order': \(order), 'shape': (2, 3), }\n"
    for version in [1, 2, 3] as [UInt8] {
      seeds.append(
        [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(text.utf8.count), 0] + (version == 1 ? [] : [0, 0])
          + Array(text.utf8) + [UInt8](repeating: 1, count: 6 * bytes))
    }
  }
  return seeds
}
