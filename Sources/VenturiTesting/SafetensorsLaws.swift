import Formats
import NumericTypes

/// What holds for every safetensors file that the parser accepts. The fuzzer and the sweeps check it.
public enum SafetensorsLaws {
  /// The laws that `file` breaks: none, or the parser let something through.
  public static func violations(in file: SafetensorsFile) -> [String] {
    var broken: [String] = []
    func check(_ holds: Bool, _ law: @autoclosure () -> String) { if !holds { broken.append(law()) } }

    let names = file.tensors.map(\.name) + file.unread.map(\.name)
    check(Set(names).count == names.count, "tensors occur twice")
    check(Set(file.metadata.map(\.key)).count == file.metadata.count, "keys occur twice")
    for tensor in file.tensors {
      check(file.tensorIfPresent(tensor.name) == tensor, "\(tensor.name) is not found by its name")
      check(
        (try? tensor.dtype.byteCount(of: tensor.count)) == tensor.byteRange.count,
        "\(tensor.name) has \(tensor.byteRange.count) bytes")
      check(file.data(of: tensor).count == tensor.byteRange.count, "\(tensor.name) has data of another length")
      check((try? Shape(validating: tensor.shape.dimensions)) == tensor.shape, "\(tensor.name) has a wrong shape")
      check(tensor.shape.rowMajorStrides.count == tensor.shape.rank, "\(tensor.name) has no strides")
    }
    for tensor in file.unread {
      check(file.unreadIfPresent(tensor.name) == tensor, "\(tensor.name) is not found by its name")
      check((try? file.tensor(tensor.name)) == nil, "\(tensor.name) of type \(tensor.typeName) is not refused")
    }
    let ranges = (file.tensors.map(\.byteRange) + file.unread.map(\.byteRange))
      .sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
    var end = file.dataOffset
    for range in ranges {
      check(range.lowerBound == end, "\(range) does not begin where the tensor before it ends")
      end = range.upperBound
    }
    check(end == file.bytes.count, "the tensors end at \(end) of \(file.bytes.count) bytes")
    return broken
  }

  /// Whether both files hold the same tensors and metadata, wherever they lie.
  public static func haveEqualContent(_ a: SafetensorsFile, _ b: SafetensorsFile) -> Bool {
    func content(_ file: SafetensorsFile) -> [String: [UInt8]] {
      var content: [String: [UInt8]] = [:]
      for tensor in file.tensors {
        content["\(tensor.name) \(tensor.dtype) \(tensor.shape)"] = file.data(of: tensor).withUnsafeBytes(Array.init)
      }
      for tensor in file.unread {
        content["\(tensor.name) \(tensor.typeName) \(tensor.shape)"] =
          file.bytes[tensor.byteRange].withUnsafeBytes(Array.init)
      }
      for (key, value) in file.metadata { content["metadata \(key)"] = Array(value.utf8) }
      return content
    }
    return content(a) == content(b)
  }
}
