import Formats
import NumericTypes

/// What holds for every file that the parser accepts, however it came about. The fuzzer and the sweeps check it.
public enum GGUFLaws {
  /// The laws that `file` breaks: none, or the parser let something through.
  public static func violations(in file: GGUFFile) -> [String] {
    var broken: [String] = []
    func check(_ holds: Bool, _ law: @autoclosure () -> String) { if !holds { broken.append(law()) } }

    check(file.version == 2 || file.version == 3, "version \(file.version)")
    check(file.alignment >= 8 && file.alignment.nonzeroBitCount == 1, "alignment \(file.alignment)")
    check(file.dataOffset.isMultiple(of: file.alignment), "data begins at \(file.dataOffset)")
    check(Set(file.entries.map(\.key)).count == file.entries.count, "keys occur twice")
    check(Set(file.tensors.map(\.name)).count == file.tensors.count, "tensors occur twice")
    for entry in file.entries {
      check(entry.offset <= file.bytes.count, "\(entry.key) lies outside of the file")
      check(file.entry(entry.key)?.offset == entry.offset, "\(entry.key) is not found by its key")
    }
    var end = 0
    for tensor in file.tensors.sorted(by: { $0.byteRange.lowerBound < $1.byteRange.lowerBound }) {
      let range = tensor.byteRange
      check(file.tensorIfPresent(tensor.name) == tensor, "\(tensor.name) is not found by its name")
      check((try? tensor.dtype.byteCount(of: tensor.count)) == range.count, "\(tensor.name) has \(range.count) bytes")
      check(file.data(of: tensor).count == range.count, "\(tensor.name) has data of another length than it says")
      check((try? Shape(validating: tensor.shape.dimensions)) == tensor.shape, "\(tensor.name) has a wrong shape")
      check(tensor.shape.rowMajorStrides.count == tensor.extents.count, "\(tensor.name) has no strides")
      check(range.upperBound <= file.bytes.count, "\(tensor.name) lies outside of the file")
      guard !range.isEmpty else { continue }
      check(range.lowerBound.isMultiple(of: file.alignment), "\(tensor.name) is not aligned")
      check(range.lowerBound >= max(end, file.dataOffset), "\(tensor.name) overlaps what comes before it")
      end = range.upperBound
    }
    return broken
  }

  /// Reads everything that `file` has through every accessor, whether the types match or not, and returns a number that
  /// depends on all of it. Nothing of it may trap.
  public static func readEverything(in file: GGUFFile) -> UInt64 {
    var sum: UInt64 = 0
    func add(_ value: Int) { sum = sum &* 31 &+ UInt64(truncatingIfNeeded: value) }
    for entry in file.entries {
      let key = entry.key
      add((try? file.string(key))?.utf8.count ?? 1)
      add((try? file.uint(key)) ?? 2)
      add((try? file.uintIfPresent(key, in: 1...4096)).flatMap { $0 } ?? 3)
      add((try? file.float(key)).map { Int($0.bitPattern) } ?? 4)
      add((try? file.bool(key)).map { $0 ? 5 : 6 } ?? 7)
      add((try? file.floats(key))?.count ?? 8)
      add((try? file.bools(key))?.count ?? 9)
      for value in (try? file.int32s(key)) ?? [] { add(Int(value)) }
      if let strings = try? file.strings(key) { for bytes in strings { for byte in bytes { add(Int(byte)) } } }
      add(entry.value.description.utf8.count)
    }
    for tensor in file.tensors {
      file.data(of: tensor).withUnsafeBytes { for byte in $0 { add(Int(byte)) } }
    }
    return sum
  }
}
