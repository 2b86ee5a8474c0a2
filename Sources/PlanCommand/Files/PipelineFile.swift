import ConfigurationFiles
import Formats
import Planner

/// A pipeline from a YAML or JSON file, or CMS's by name.
enum PipelineFile {
  /// Names of pipelines that need no file.
  static let named: [String: CMSPipeline.Variant] = [
    "cms-run5": .init(), "cms-run5-gpu": .init(hasGPUs: true), "cms-run5-smart-pixels": .init(hasSmartPixels: true),
    "cms-run5-gpu-smart-pixels": .init(hasGPUs: true, hasSmartPixels: true),
  ]

  /// The pipeline of a name or a path.
  ///
  /// - Throws: `ConfigurationError`; `PlannerError`.
  static func read(_ path: String) throws -> PipelineGraph {
    if let variant = named[path] { return CMSPipeline.graph(variant) }
    var fields = try ConfigurationFields(try ConfigurationFile.read(path))
    let scale = try fields.numberIfPresent("technology_scale", 1e-6...1e6)
    let year = try fields.numberIfPresent("technology_year", 1950...2100)
    let nodes = try list(fields.value("nodes"), "nodes").enumerated().map { try node($1, "nodes[\($0)]") }
    let links = try list(fields.value("links"), "links").enumerated().map { index, value in
      var fields = try ConfigurationFields(value, path: "links[\(index)]")
      let link = PipelineLink(
        from: try fields.text("from"), to: try fields.text("to"),
        joulesPerBit: try fields.number("joules_per_bit", 0...1, default: 0))
      try fields.finish()
      return link
    }
    try fields.finish()
    if scale != nil, year != nil {
      throw PlannerError.invalid(field: "technology_year", problem: "technology_scale is there too")
    }
    return try PipelineGraph(
      nodes, links: links, technologyScale: scale ?? year.map { PipelineGraph.technologyScale(year: $0) } ?? 1)
  }

  private static func list(_ value: JSON?, _ name: String) throws -> [JSON] {
    guard let elements = value?.elements, elements.count <= PipelineGraph.limit else {
      throw PlannerError.invalid(field: name, problem: "a list of at most \(PipelineGraph.limit) is needed")
    }
    return elements
  }

  private static func node(_ value: JSON, _ path: String) throws -> PipelineNode {
    var fields = try ConfigurationFields(value, path: path)
    let large = 0...1e18
    var node = PipelineNode(
      try fields.text("name"), bytes: try fields.number("bytes", large, default: 0),
      rate: try fields.numberIfPresent("rate_hz", large),
      compression: try fields.number("compression", 0...1, default: 0),
      classifier: try classifier(fields.value("classifier"), path + ".classifier"),
      reduction: try fields.number("reduction", large, default: 1),
      joulesPerOperation: try fields.number("joules_per_operation", large, default: 0),
      secondsPerOperation: try fields.number("seconds_per_operation", large, default: 0),
      routingSeconds: try fields.number("routing_seconds", large, default: 0))
    if let value = fields.value("operations_per_byte") {
      let numbers = value.elements ?? [value]
      guard (1...8).contains(numbers.count), numbers.allSatisfy({ $0.double != nil }) else {
        throw PlannerError.invalid(field: path + ".operations_per_byte", problem: "1 to 8 coefficients are needed")
      }
      node.complexity.coefficients = numbers.compactMap(\.double)
    }
    if let lanes = try fields.numberIfPresent("lanes", 1...1e18) {
      node.parallelism = lanes == 1 ? .serial : .lanes(lanes)
    }
    try fields.finish()
    return node
  }

  private static func classifier(_ value: JSON?, _ path: String) throws -> PipelineClassifier {
    guard let value else { return .passThrough }
    var fields = try ConfigurationFields(value, path: path)
    func numbers(_ name: String) throws -> [Double] {
      guard let elements = fields.value(name)?.elements, elements.count <= 1 << 20,
        elements.allSatisfy({ $0.double != nil })
      else { throw PlannerError.invalid(field: "\(path).\(name)", problem: "a list of scores is needed") }
      return elements.compactMap(\.double).sorted()
    }
    let kind = try fields.text("kind")
    let classifier: PipelineClassifier
    switch kind {
    case "gaussian":
      classifier = .gaussian(
        skill: try fields.number("skill", -1000...1000), spread: try fields.number("spread", 1e-9...1000, default: 1))
    case "fixed":
      classifier = .fixed(
        trueNegative: try fields.number("true_negative", 0...1),
        falseNegative: try fields.number("false_negative", 0...1))
    case "scores":
      classifier = .scores(
        negative: try numbers("negative"), positive: try numbers("positive"),
        boost: try fields.number("boost", -1e9...1e9, default: 0))
    case "pass": classifier = .passThrough
    default:
      throw PlannerError.invalid(field: path + ".kind", problem: "'\(kind)' is none of gaussian, fixed, scores, pass")
    }
    try fields.finish()
    return classifier
  }
}
