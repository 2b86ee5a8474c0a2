/// A safetensors file, or an index of several, with one thing wrong.
public struct MalformedSafetensors: Sendable {
  /// What the bytes are.
  public enum Kind: String, Sendable, CaseIterable {
    case file, index
  }

  /// What is wrong, by the classes in which parsers of this format have been attacked.
  public enum Category: String, Sendable, CaseIterable {
    case length = "length of the header"
    case text = "text that is no header"
    case duplicate = "name that occurs twice"
    case places = "holes, overlaps and ends"
    case sizes = "sizes that contradict each other"
    case numbers = "numbers that are no sizes"
    case types = "tensor types"
    case fields = "fields"
    case metadata = "metadata"
    case bombs = "counts and depth"
    case names = "names"
    case index = "index"
    case paths = "path in a file's name"
  }

  /// A short name, unique.
  public let name: String
  /// What the bytes are.
  public let kind: Kind
  /// What is wrong.
  public let category: Category
  /// The field that the error must name.
  public let field: String
  private let make: @Sendable () -> [UInt8]

  /// The bytes, made anew each time.
  public var bytes: [UInt8] { make() }

  /// All of them.
  public static let all: [MalformedSafetensors] =
    lengths + texts + duplicates + places + sizes + numbers + types + fields + metadata + bombs + names + indices
    + paths

  /// A file of `header` and `data` bytes of data, its length field right unless `length` says otherwise.
  public static func file(_ header: [UInt8], data: Int, length: UInt64? = nil) -> [UInt8] {
    GGUFBytes.u64(length ?? UInt64(header.count)) + header + [UInt8](repeating: 0x40, count: data)
  }

  /// The description of one tensor.
  static func tensor(
    _ name: String = "x", type: String = "\"F32\"", shape: String = "[2,2]", places: String = "[0,16]"
  ) -> String {
    "\"\(name)\":{\"dtype\":\(type),\"shape\":\(shape),\"data_offsets\":\(places)}"
  }

  /// A valid file of two tensors and metadata.
  public static var base: [UInt8] {
    let tensors = [tensor(), tensor("y", type: "\"I8\"", shape: "[4]", places: "[16,20]")]
    return file(Array("{\"__metadata__\":{\"format\":\"pt\"},\(tensors.joined(separator: ","))}  ".utf8), data: 20)
  }

  /// A valid index of three tensors in two files.
  public static var baseIndex: [UInt8] {
    Array(
      """
      {"metadata": {"total_size": 36, "more": [1, {"a": null}]}, "weight_map": {"x": "model-00001-of-00002.safetensors",
      "y": "model-00002-of-00002.safetensors", "z": "model-00002-of-00002.safetensors"}}
      """.utf8)
  }

  /// A file made of members of the header.
  static func header(
    _ category: Category, _ name: String, field: String, data: Int = 16, _ members: String...
  ) -> MalformedSafetensors {
    raw(category, name, field: field) { file(Array("{\(members.joined(separator: ","))}".utf8), data: data) }
  }

  static func raw(
    _ category: Category, _ name: String, field: String, _ make: @escaping @Sendable () -> [UInt8]
  ) -> MalformedSafetensors {
    MalformedSafetensors(name: name, kind: .file, category: category, field: field, make: make)
  }

  static func text(
    _ category: Category, _ name: String, field: String, _ make: @escaping @Sendable () -> String
  ) -> MalformedSafetensors {
    MalformedSafetensors(name: name, kind: .index, category: category, field: field) { Array(make().utf8) }
  }
}
