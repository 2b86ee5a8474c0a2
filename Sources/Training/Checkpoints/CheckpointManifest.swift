import Formats

/// `checkpoint.json`: what a checkpoint is of, and the size and digest of each of its files.
///
/// The first line holds the SHA-256 of all lines behind it, so that a manifest proves itself as it proves the shards:
/// ```json
/// {"sha256":"…",
/// "checkpoint":{"format":1,"step":1234,…,"shards":[{"part":"parameters","number":1,"of":1,"bytes":…,"sha256":"…"}]}}
/// ```
struct CheckpointManifest {
  static let fileName = "checkpoint.json"
  static let format = 1
  /// The most bytes of a manifest that is read.
  static let limit = 1 << 26

  private static let opening = "{\"sha256\":\""
  private static let closing = "\",\n"

  var checkpoint: TrainingCheckpoint
  var shards: [CheckpointShard]

  // MARK: Writing

  var encoded: [UInt8] {
    let rest = Array("\"checkpoint\":\(content.line)}\n".utf8)
    return Array((Self.opening + Self.digest(rest[...]) + Self.closing).utf8) + rest
  }

  private static func digest(_ bytes: ArraySlice<UInt8>) -> String {
    var digest = SHA256()
    bytes.withUnsafeBytes { digest.update($0) }
    return digest.finish()
  }

  private var content: JSON {
    let progress = checkpoint.progress
    return [
      "format": .integer(Self.format),
      "step": .integer(checkpoint.step),
      "seed": .string(String(checkpoint.seed)),
      "batches": .integer(progress.batches),
      "samples": .integer(progress.samples),
      "targets": .integer(progress.targets),
      "loss": progress.loss.map { .number($0) } ?? .null,
      "evaluatedStep": .integer(progress.evaluatedStep),
      "validation": .object(
        progress.validation.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .number($0.value)) }),
      "best": progress.best.map { .number($0) } ?? .null,
      "bestStep": .integer(progress.bestStep),
      "evaluationsSinceBest": .integer(progress.evaluationsSinceBest),
      "loader": checkpoint.loader.map(Self.json) ?? .null,
      "configurationDigest": .string(TrainingCheckpoint.digest(of: checkpoint.configuration)),
      "configuration": checkpoint.configuration,
      "shards": .array(
        shards.map {
          [
            "part": .string($0.part.rawValue), "number": .integer($0.number), "of": .integer($0.count),
            "bytes": .integer($0.bytes), "sha256": .string($0.sha256),
          ]
        }),
    ]
  }

  private static func json(_ state: DataLoaderState) -> JSON {
    [
      "epoch": .integer(state.epoch), "position": .integer(state.position), "seed": .string(String(state.seed)),
      "shuffles": .bool(state.shuffles), "count": .integer(state.count),
    ]
  }

  // MARK: Reading

  init(_ checkpoint: TrainingCheckpoint, shards: [CheckpointShard]) {
    self.checkpoint = checkpoint
    self.shards = shards
  }

  /// The manifest in `bytes`, which are those of the file at `path`.
  init(reading bytes: [UInt8], path: String) throws(CheckpointError) {
    let start = Self.opening.utf8.count
    let head = start + 64 + Self.closing.utf8.count
    guard bytes.count > head, bytes.starts(with: Self.opening.utf8),
      bytes[start + 64..<head].elementsEqual(Self.closing.utf8)
    else { throw .damaged(path: path, problem: "it does not begin with its digest") }
    let stated = String(decoding: bytes[start..<start + 64], as: UTF8.self)
    let found = Self.digest(bytes[head...])
    guard stated == found else {
      throw .damaged(path: path, problem: "its SHA-256 is \(found) where \(stated) is expected")
    }
    let file: JSON
    do throws(JSONError) { file = try JSON(parsing: bytes, values: 1 << 20) } catch {
      throw .damaged(path: path, problem: "\(error)")
    }
    let fields = ManifestFields(file["checkpoint"] ?? .null, path: path)
    let format = try fields.count("format")
    guard format == Self.format else {
      throw .unsupportedVersion(path: path, found: format, supported: Self.format)
    }
    var checkpoint = TrainingCheckpoint(step: try fields.count("step"), tensors: [:])
    checkpoint.seed = try fields.unsigned("seed")
    checkpoint.progress.batches = try fields.count("batches")
    checkpoint.progress.samples = try fields.count("samples")
    checkpoint.progress.targets = try fields.count("targets")
    checkpoint.progress.loss = fields.json["loss"]?.double
    checkpoint.progress.evaluatedStep = try fields.count("evaluatedStep")
    for member in fields.json["validation"]?.members ?? [] {
      checkpoint.progress.validation[member.key] = member.value.double ?? .nan
    }
    checkpoint.progress.best = fields.json["best"]?.double
    checkpoint.progress.bestStep = try fields.count("bestStep")
    checkpoint.progress.evaluationsSinceBest = try fields.count("evaluationsSinceBest")
    if let loader = fields.json["loader"], loader != .null {
      let fields = ManifestFields(loader, path: path)
      checkpoint.loader = DataLoaderState(
        epoch: try fields.count("epoch"), position: try fields.count("position"), seed: try fields.unsigned("seed"),
        shuffles: try fields.bool("shuffles"), count: try fields.count("count"))
    }
    guard let configuration = fields.json["configuration"], configuration.members != nil else {
      throw fields.missing("configuration")
    }
    checkpoint.configuration = configuration
    self.checkpoint = checkpoint
    shards = try Self.shards(fields)
  }

  private static func shards(_ fields: ManifestFields) throws(CheckpointError) -> [CheckpointShard] {
    guard let elements = fields.json["shards"]?.elements else { throw fields.missing("shards") }
    var shards: [CheckpointShard] = []
    var names: Set<String> = []
    for element in elements {
      let fields = ManifestFields(element, path: fields.path)
      guard let part = element["part"]?.text.flatMap(TrainingCheckpoint.Part.init) else { throw fields.missing("part") }
      guard let sha256 = element["sha256"]?.text, sha256.utf8.count == 64 else { throw fields.missing("sha256") }
      let shard = CheckpointShard(
        part: part, number: try fields.count("number"), count: try fields.count("of"),
        bytes: try fields.count("bytes"), sha256: sha256)
      guard names.insert(shard.name).inserted else {
        throw .damaged(path: fields.path, problem: "it has \(shard.name) twice")
      }
      shards.append(shard)
    }
    return shards
  }
}

/// The fields of an object of a manifest.
private struct ManifestFields {
  let json: JSON
  let path: String

  init(_ json: JSON, path: String) {
    self.json = json
    self.path = path
  }

  func missing(_ name: String) -> CheckpointError {
    .damaged(path: path, problem: "its field '\(name)' is not there or not what it should be")
  }

  /// A whole number from 0 to 2⁵³.
  func count(_ name: String) throws(CheckpointError) -> Int {
    guard let value = json[name]?.int, (0...1 << 53).contains(value) else { throw missing(name) }
    return value
  }

  func unsigned(_ name: String) throws(CheckpointError) -> UInt64 {
    guard let value = json[name]?.text.flatMap({ UInt64($0) }) else { throw missing(name) }
    return value
  }

  func bool(_ name: String) throws(CheckpointError) -> Bool {
    guard case .bool(let value)? = json[name] else { throw missing(name) }
    return value
  }
}
