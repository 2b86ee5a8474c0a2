import NumericTypes

/// A GGUF model in several files, joined: the metadata of the first part and the tensors of all.
///
/// ```swift
/// let first = try GGUFFile(open(name), allowsParts: true)
/// let parts = try GGUFParts.names(of: first, named: name).map { ($0, try GGUFFile(open($0), allowsParts: true)) }
/// let model = try GGUFParts(parts)
/// ```
public struct GGUFParts: Sendable {
  /// The parts in the order of their numbers.
  public let parts: [(name: String, file: GGUFFile)]

  /// The names of all parts, of which `file` is one and called `name`; `name` alone for a whole file.
  ///
  /// - Throws: ``FormatError`` for a name that is no file's, or not that of the part that the file says it is.
  public static func names(of file: GGUFFile, named name: String) throws(FormatError) -> [String] {
    guard let split = file.split else { return [name] }
    let place = split.offset
    if let problem = FileNames.problem(inFileName: name) {
      throw .invalidValue(field: "file name", offset: place, value: problem, expected: "the name of a part")
    }
    let expected = PartName(stem: "NAME", number: split.number + 1, count: split.count, suffix: ".gguf").name
    guard let part = PartName(name, suffix: ".gguf"), part.count == split.count, part.number == split.number + 1 else {
      throw .inconsistent(
        field: "split.no", offset: place,
        problem:
          "the file is part \(split.number + 1) of \(split.count) and is called '\(name.prefix(255))', not \(expected)")
    }
    return part.all.map(\.name)
  }

  /// Joins parsed parts, in any order.
  ///
  /// - Throws: ``FormatError`` for a part that is missing, there twice, of another model or no part at all, for a tensor
  ///   in two parts, and for counts that lie; the field is the file's name, the tensor's or the key's.
  public init(_ files: [(name: String, file: GGUFFile)]) throws(FormatError) {
    guard let count = files.first?.file.split?.count else {
      throw .missingKey(field: "split.count")
    }
    var byNumber: [Int: Int] = [:]
    for (index, part) in files.enumerated() {
      guard let split = part.file.split else {
        throw .inconsistent(field: part.name, offset: nil, problem: "the file is no part of a split model")
      }
      guard split.count == count else {
        throw .inconsistent(
          field: part.name, offset: split.offset,
          problem: "the file is one of \(split.count) parts, \(files[0].name) one of \(count)")
      }
      if let other = byNumber.updateValue(index, forKey: split.number) {
        throw .inconsistent(
          field: part.name, offset: split.offset,
          problem: "the file is part \(split.number + 1) of \(count), which \(files[other].name) is too")
      }
    }
    var parts: [(name: String, file: GGUFFile)] = []
    for number in 0..<count {
      guard let index = byNumber[number] else {
        var name = PartName(files[0].name, suffix: ".gguf")
        name?.number = number + 1
        throw .missingFile(field: name?.name ?? "part \(number + 1) of \(count)")
      }
      parts.append(files[index])
    }
    var places: [String: Int] = [:]
    var total = 0
    for (number, part) in parts.enumerated() {
      total += part.file.tensors.count
      for tensor in part.file.tensors {
        if let other = places.updateValue(number, forKey: tensor.name) {
          throw .inconsistent(
            field: tensor.name, offset: tensor.infoOffset,
            problem: "the tensor is in \(parts[other].name) and in \(part.name)")
        }
      }
    }
    for part in parts {
      if let said = part.file.split?.tensors, said != total {
        throw .inconsistent(
          field: "split.tensors.count", offset: part.file.split?.offset,
          problem: "\(part.name) counts \(said) tensors in all parts, there are \(total)")
      }
    }
    self.parts = parts
  }

  /// The metadata of the first part without what it says of the split.
  public var entries: [GGUFEntry] { parts.first?.file.entries.filter { !$0.key.hasPrefix("split.") } ?? [] }

  /// The tensors in the order of the parts, with the number of their part.
  public var tensors: [(part: Int, tensor: GGUFTensor)] {
    parts.enumerated().flatMap { number, part in part.file.tensors.map { (number, $0) } }
  }

  /// The parts into which `file` can be split so that none has more than `maximumBytes` of tensors, as far as no single
  /// tensor is larger: the first has the metadata. ``PartName`` names them.
  ///
  /// - Throws: ``FormatError/notWritable(field:reason:)`` for more than 65535 parts.
  public static func split(_ file: GGUFFile, maximumBytes: Int) throws(FormatError) -> [GGUFWriter] {
    let alignment = file.alignment
    var groups: [[GGUFTensor]] = [[]]
    var size = 0
    for tensor in file.tensors {
      let bytes = (tensor.byteRange.count + alignment - 1) / alignment * alignment
      if size > 0, bytes > maximumBytes - size {
        groups.append([])
        size = 0
      }
      groups[groups.count - 1].append(tensor)
      size += bytes
    }
    guard groups.count <= GGUFSplit.most else {
      throw .notWritable(field: "split.count", reason: "\(groups.count) parts, at most \(GGUFSplit.most) are possible")
    }
    var writers: [GGUFWriter] = []
    for (number, group) in groups.enumerated() {
      var writer = GGUFWriter()
      writer.version = file.version
      let kept = number == 0 ? file.entries : file.entries.filter { $0.key == "general.alignment" }
      for entry in kept where !entry.key.hasPrefix("split.") { writer.set(entry.key, entry.value) }
      writer.set("split.no", .uint16(UInt16(number)))
      writer.set("split.count", .uint16(UInt16(groups.count)))
      writer.set("split.tensors.count", .int32(Int32(file.tensors.count)))
      for tensor in group {
        try writer.add(tensor: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: file.data(of: tensor))
      }
      writers.append(writer)
    }
    return writers
  }
}
