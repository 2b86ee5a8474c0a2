/// A GGUF file field by field, before it is bytes: each number can be made to lie. It shares no code with the reader and
/// the writer that it tests.
public struct GGUFImage: Sendable {
  /// A metadata entry as it lies in the file.
  public struct Entry: Sendable {
    /// The key's bytes.
    public var key: [UInt8]
    /// The key's length as the file states it; nothing for the true one.
    public var keyLength: UInt64?
    /// The value type's number.
    public var type: UInt32
    /// The encoded value.
    public var payload: [UInt8]

    /// An entry whose key is told truthfully.
    public init(_ key: String, type: UInt32, payload: [UInt8]) {
      self.key = Array(key.utf8)
      self.type = type
      self.payload = payload
    }
  }

  /// A tensor's description and its data.
  public struct Tensor: Sendable {
    /// The name's bytes.
    public var name: [UInt8]
    /// The name's length as the file states it; nothing for the true one.
    public var nameLength: UInt64?
    /// The number of axes as the file states it; nothing for the true one.
    public var rank: UInt32?
    /// The extents, innermost first.
    public var extents: [UInt64]
    /// The type's number.
    public var type: UInt32
    /// The data's offset as the file states it; nothing for the true one.
    public var offset: UInt64?
    /// The data.
    public var data: [UInt8]

    /// A tensor told truthfully.
    public init(_ name: String, extents: [UInt64], type: UInt32, data: [UInt8]) {
      self.name = Array(name.utf8)
      self.extents = extents
      self.type = type
      self.data = data
    }
  }

  /// The first four bytes.
  public var magic: [UInt8] = Array("GGUF".utf8)
  /// The version.
  public var version: UInt32 = 3
  /// The number of tensors as the file states it; nothing for the true one.
  public var tensorCount: UInt64?
  /// The number of metadata entries as the file states it; nothing for the true one.
  public var entryCount: UInt64?
  /// The metadata.
  public var entries: [Entry] = []
  /// The tensors.
  public var tensors: [Tensor] = []
  /// The alignment by which data is laid out, whatever `general.alignment` says.
  public var layoutAlignment = 32
  /// Bytes after the last tensor.
  public var trailing: [UInt8] = []

  /// A file without content.
  public init() {}

  /// The bytes before tensor data, without padding.
  public func header() -> [UInt8] {
    var file = magic + GGUFBytes.u32(version)
    file += GGUFBytes.u64(tensorCount ?? UInt64(tensors.count))
    file += GGUFBytes.u64(entryCount ?? UInt64(entries.count))
    for entry in entries {
      file += GGUFBytes.u64(entry.keyLength ?? UInt64(entry.key.count)) + entry.key
      file += GGUFBytes.u32(entry.type) + entry.payload
    }
    var offset: UInt64 = 0
    for tensor in tensors {
      file += GGUFBytes.u64(tensor.nameLength ?? UInt64(tensor.name.count)) + tensor.name
      file += GGUFBytes.u32(tensor.rank ?? UInt32(tensor.extents.count))
      for extent in tensor.extents { file += GGUFBytes.u64(extent) }
      file += GGUFBytes.u32(tensor.type) + GGUFBytes.u64(tensor.offset ?? offset)
      offset += UInt64(tensor.data.count + padding(tensor.data.count))
    }
    return file
  }

  /// The file.
  public func encoded() -> [UInt8] {
    var file = header()
    file += [UInt8](repeating: 0, count: padding(file.count))
    for tensor in tensors {
      file += tensor.data
      file += [UInt8](repeating: 0, count: padding(tensor.data.count))
    }
    return file + trailing
  }

  private func padding(_ size: Int) -> Int { (layoutAlignment - size % layoutAlignment) % layoutAlignment }
}

extension GGUFImage {
  /// Gives `key` a value, in the place of its earlier one if it has one.
  public mutating func set(_ key: String, type: UInt32, payload: [UInt8]) {
    let entry = Entry(key, type: type, payload: payload)
    if let index = entries.firstIndex(where: { $0.key == Array(key.utf8) }) {
      entries[index] = entry
    } else {
      entries.append(entry)
    }
  }

  /// Gives `key` a uint32.
  public mutating func set(_ key: String, uint32 value: UInt32) { set(key, type: 4, payload: GGUFBytes.u32(value)) }

  /// Gives `key` a float32.
  public mutating func set(_ key: String, float32 value: Float) {
    set(key, type: 6, payload: GGUFBytes.u32(value.bitPattern))
  }

  /// Gives `key` a bool.
  public mutating func set(_ key: String, bool value: Bool) { set(key, type: 7, payload: [value ? 1 : 0]) }

  /// Gives `key` a string.
  public mutating func set(_ key: String, string value: String) {
    set(key, type: 8, payload: GGUFBytes.string(Array(value.utf8)))
  }

  /// Gives `key` an array of strings.
  public mutating func set(_ key: String, strings values: [[UInt8]]) {
    set(key, type: 9, payload: GGUFBytes.array(of: 8, count: values.count, values.flatMap(GGUFBytes.string)))
  }

  /// Gives `key` an array of int32.
  public mutating func set(_ key: String, int32s values: [Int32]) {
    set(
      key, type: 9,
      payload: GGUFBytes.array(of: 5, count: values.count, values.flatMap { GGUFBytes.u32(UInt32(bitPattern: $0)) }))
  }

  /// Takes `key` away.
  public mutating func remove(_ key: String) { entries.removeAll { $0.key == Array(key.utf8) } }

  /// Takes tensor `name` away.
  public mutating func remove(tensor name: String) { tensors.removeAll { $0.name == Array(name.utf8) } }

  /// Changes entry `key`, if there is one.
  public mutating func edit(_ key: String, _ change: (inout Entry) -> Void) {
    for index in entries.indices where entries[index].key == Array(key.utf8) { change(&entries[index]) }
  }

  /// Changes tensor `name`, if there is one.
  public mutating func edit(tensor name: String, _ change: (inout Tensor) -> Void) {
    for index in tensors.indices where tensors[index].name == Array(name.utf8) { change(&tensors[index]) }
  }
}
