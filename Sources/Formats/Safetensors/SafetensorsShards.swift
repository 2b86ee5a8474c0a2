/// A model in several safetensors files, joined: which file has which tensor, and each tensor once.
///
/// ```swift
/// let names = try SafetensorsShards.files(index: index, listing: folder)
/// let parts = try names.map { ($0, try SafetensorsFile(open($0))) }
/// let model = try SafetensorsShards(index: index, parts: parts)
/// ```
public struct SafetensorsShards: Sendable {
  /// The files by name.
  public let parts: [(name: String, file: SafetensorsFile)]
  private let places: [String: Int]

  /// The names of the files that hold the model, of a folder with the files `listing`: those that the index names and
  /// those of the same series that it forgets; without an index `model.safetensors`, a whole series, or the only file.
  ///
  /// - Throws: ``FormatError/missingFile(field:)`` for a file that is named, or belongs to a series, and is not there;
  ///   ``FormatError/inconsistent(field:offset:problem:)`` for a folder with several candidates.
  public static func files(index: SafetensorsIndex?, listing: [String]) throws(FormatError) -> [String] {
    let suffix = ".safetensors"
    let present = Set(listing.filter { $0.hasSuffix(suffix) && FileNames.problem(inFileName: $0) == nil })
    var named: [String]
    if let index {
      named = index.files
    } else if present.contains("model" + suffix) {
      return ["model" + suffix]
    } else {
      // One name of each series; what has no number stands for itself.
      var series: [PartName: String] = [:]
      var single: [String] = []
      for name in present.sorted() {
        guard var part = PartName(name, suffix: suffix) else {
          single.append(name)
          continue
        }
        part.number = 1
        if series[part] == nil { series[part] = name }
      }
      let candidates = series.isEmpty ? single : series.values.sorted()
      guard let first = candidates.first else { throw .missingFile(field: "model" + suffix) }
      guard candidates.count == 1 else {
        throw .inconsistent(
          field: "model" + suffix, offset: nil,
          problem: "several files could be the model: \(candidates.prefix(4).joined(separator: ", "))")
      }
      named = [first]
    }
    // Stops at the first name that is not there: a series says itself how long it is.
    for name in named where !present.contains(name) { throw .missingFile(field: name) }
    var known = Set(named)
    var series: Set<PartName> = []
    for name in named {
      guard var part = PartName(name, suffix: suffix) else { continue }
      part.number = 1
      guard series.insert(part).inserted else { continue }
      for number in 1...part.count {
        part.number = number
        guard present.contains(part.name) else { throw .missingFile(field: part.name) }
        if known.insert(part.name).inserted { named.append(part.name) }
      }
    }
    return index == nil ? named.sorted() : named
  }

  /// Joins the parsed files.
  ///
  /// - Throws: ``FormatError`` for a tensor in two files, for one that is not in the file where the index has it, and for
  ///   a file that the index names and that is not among `parts`.
  public init(
    index: SafetensorsIndex?, parts: [(name: String, file: SafetensorsFile)]
  ) throws(FormatError) {
    var places: [String: Int] = [:]
    var numbers: [String: Int] = [:]
    for (number, part) in parts.enumerated() {
      if numbers.updateValue(number, forKey: part.name) != nil {
        throw .inconsistent(field: part.name, offset: nil, problem: "the file is there twice")
      }
      let read = part.file.tensors.map { ($0.name, $0.infoOffset) }
      for (tensor, offset) in read + part.file.unread.map({ ($0.name, $0.infoOffset) }) {
        if let other = places.updateValue(number, forKey: tensor) {
          throw .inconsistent(
            field: tensor, offset: offset, problem: "the tensor is in \(parts[other].name) and in \(part.name)")
        }
      }
    }
    if let index {
      for name in index.files where numbers[name] == nil { throw .missingFile(field: name) }
      for entry in index.entries where places[entry.tensor] != numbers[index.files[entry.file]] {
        let found = places[entry.tensor].map { "it is in \(parts[$0].name)" } ?? "no file has it"
        throw .inconsistent(
          field: entry.tensor, offset: entry.offset,
          problem: "the index has the tensor in \(index.files[entry.file]), \(found)")
      }
    }
    self.parts = parts
    self.places = places
  }

  /// The number of the file that has the tensor called `name`; nothing when none has.
  public func part(of name: String) -> Int? { places[name] }

  /// The tensor called `name` and the number of its file; nothing when there is none in a type that is read.
  public func tensorIfPresent(_ name: String) -> (part: Int, tensor: SafetensorsTensor)? {
    guard let part = places[name], let tensor = parts[part].file.tensorIfPresent(name) else { return nil }
    return (part, tensor)
  }

  /// The tensor called `name` and the number of its file.
  ///
  /// - Throws: ``FormatError/missingTensor(field:)``, or ``FormatError/unsupported(field:offset:found:supported:)``.
  public func tensor(_ name: String) throws(FormatError) -> (part: Int, tensor: SafetensorsTensor) {
    guard let part = places[name] else { throw .missingTensor(field: name) }
    return (part, try parts[part].file.tensor(name))
  }
}
