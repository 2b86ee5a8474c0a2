import ConfigurationFiles
import Console
import Formats
import Planner

/// What a search is about: a model, a cluster and the settings that may be tried, from a YAML or JSON file.
///
/// Fields: `model` and `cluster` as `plan parallel` takes them, `sequence`, `nodes`, `node_devices`, `matrices`, and `space`, a section of
/// dimensions with their values: tensor, pipeline, microbatch, accumulation, zero1, nodes, chunks, recompute.
struct TuningSpace {
  let space: SearchSpace
  let objective: LayoutObjective

  /// Reads `path`; without one it is the space in which 175 billion weights were tuned on Frontier.
  ///
  /// - Throws: `PlannerError`; `ConfigurationError`.
  init(_ path: String?) throws {
    guard let path else {
      space = try FrontierPrediction.space()
      objective = try LayoutObjective(FrontierPrediction.cases[1].shape, space: space, FrontierPrediction().model)
      return
    }
    var fields = try ConfigurationFields(try ConfigurationFile.read(path))
    let model = try ModelArgument.shape(try fields.text("model"))
    let costs = try ClusterArgument.model(try fields.text("cluster"))
    let sequence = try fields.whole("sequence", 1...1 << 24, default: 2048)
    let nodes = try fields.whole("nodes", 1...1 << 20, default: 1)
    let devices = try fields.whole("node_devices", 1...1 << 20, default: 8)
    let matrices = try fields.isOn("matrices", default: false)
    guard let members = fields.value("space")?.members else {
      throw ConfigurationError.missing(field: "space", meant: nil)
    }
    var section = try ConfigurationFields(.object(members), path: "space")
    space = try SearchSpace(
      members.map { SearchSpace.Dimension($0.key, try section.wholes($0.key, 0...1 << 24, atMost: 1024, default: [])) })
    try section.finish()
    try fields.finish()
    objective = try LayoutObjective(
      model, sequence: sequence, kernel: matrices ? .materialized(dropout: true) : .tiled, space: space,
      nodeDevices: devices, nodes: nodes, costs)
  }
}
