import ArgumentParser
import Console
import Costs
import Formats
import PlanReports
import Planner
import Plots
import Profiling

/// How long a model takes to answer on a device.
package struct PlanInference: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "inference", abstract: "How long a prompt and a token take on a device, and what bounds them.",
    discussion: """
      Without --compute-share and --memory-share these are the device's limits, which nothing beats; published servers reach 0.4 to 0.7 of the \
      arithmetic and 0.6 to 0.9 of the memory's rate.
      """)

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(
    help: ArgumentHelp("Devices, by name; repeatable. By default all that compute in the format.", valueName: "name"))
  package var device: [String] = []

  @Option(help: ArgumentHelp("Tokens of a prompt.", valueName: "tokens"))
  package var prompt = 512

  @Option(help: ArgumentHelp("Tokens of a sequence before the token that is timed.", valueName: "tokens"))
  package var depth = 2048

  @Option(help: ArgumentHelp("Sequences that are answered together.", valueName: "count"))
  package var batch = 1

  @Option(help: ArgumentHelp("The format of products.", valueName: "f32, bf16, fp8, int8 …"))
  package var precision = Precision.bf16

  @Option(help: ArgumentHelp("Bytes of a weight; 0.5625 for 4 bits with a scale for 32.", valueName: "bytes"))
  package var weights = 2.0

  @Option(help: ArgumentHelp("Bytes of an activation, a key and a value.", valueName: "bytes"))
  package var cache = 2.0

  @OptionGroup var reached: ReachedShares

  @Option(
    help: ArgumentHelp(
      "Several values of one field: prompt, depth, batch, weights or cache.", valueName: "batch=1,2,4"))
  var sweep: Sweep?

  @Option(help: ArgumentHelp("Draw tokens a second over the sweep's field into an SVG file.", valueName: "path"))
  package var plot: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if plot != nil, sweep == nil { throw ValidationError("--plot draws a --sweep: give one") }
  }

  package func run() throws {
    let shape = try ModelArgument.shape(model)
    let cost = try RooflineCostModel(fallback: reached.efficiency)
    let question = question(shape)
    let cases = try sweep.map { sweep in
      try sweep.values.map { (value: $0, question: try question.with(sweep.field, $0)) }
    }
    let devices = try devices
    let plans = try (cases ?? [(value: 0, question: question)]).flatMap { value, question in
      try devices.map { (value: value, plan: try question.plan(on: $0, model: cost)) }
    }
    if let plot, let sweep { try writeFileAtomically(plot, Array(drawing(plans, sweep.field).svg.utf8)) }
    Output.answer(
      output.json
        ? JSON.object([JSON.Member("plans", .array(plans.map { json($0.plan, $0.value) }))]).line : text(plans))
  }

  private func question(_ shape: TransformerShape) -> InferenceQuestion {
    var question = InferenceQuestion(shape)
    (question.prompt, question.depth, question.batch) = (prompt, depth, batch)
    (question.precision, question.weights, question.cache) = (precision, weights, cache)
    return question
  }

  private var devices: [Device] {
    get throws {
      let named = try device.map { try DeviceCatalogue.published.device($0) }
      return named.isEmpty
        ? DeviceCatalogue.published.entries.map(\.device).filter { $0.compute[precision] != nil } : named
    }
  }

  private func drawing(_ plans: [(value: Double, plan: InferencePlan)], _ field: String) -> Plot {
    var names: [String] = []
    for (_, plan) in plans where !names.contains(plan.device.name) { names.append(plan.device.name) }
    return Plot(
      "inference", title: "\(plans.first?.plan.shape.name ?? ""): tokens a second", x: Plot.Axis(field),
      y: Plot.Axis("tokens/s", logarithmic: true),
      series: names.map { name in
        Plot.Series(
          name,
          plans.filter { $0.plan.device.name == name }
            .map { Plot.Point(x: $0.value, y: $0.plan.tokensPerSecond) })
      })
  }

  private func json(_ plan: InferencePlan, _ value: Double) -> JSON {
    let swept = sweep.map { [JSON.Member($0.field, .number(value))] } ?? []
    return .object(swept + (plan.json.members ?? []))
  }

  private func text(_ plans: [(value: Double, plan: InferencePlan)]) -> String {
    let rows = plans.map { value, plan in
      [
        (sweep == nil ? "" : "\(value == value.rounded() ? Human.fixed(value, 0) : "\(value)")  ") + plan.device.name,
        plan.fits ? "yes" : "no",
        Human.fixed(plan.prefill.seconds * 1e3, 2), plan.prefill.bound.rawValue,
        Human.fixed(plan.decode.seconds * 1e3, 3), plan.decode.bound.rawValue, Human.fixed(plan.tokensPerSecond, 1),
        plan.dollarsPerMillionTokens.map { Human.fixed($0, 2) } ?? "–",
        plan.increments.map { "\($0.resource.rawValue) \(Human.fixed(($0.decodeGain - 1) * 100, 1)) %" }
          .joined(separator: ", "),
      ]
    }
    let header = [
      sweep.map { "\($0.field)  device" } ?? "device", "fits", "prompt ms", "bound by", "token ms", "bound by",
      "tokens/s", "$/M tokens",
      "a tenth more of … is worth",
    ]
    return "\(plans.first?.plan.shape.name ?? ""), \(batch) × \(prompt) tokens, a token after \(depth)\n"
      + Human.table([header] + rows, numeric: [2, 4, 6, 7])
  }
}

extension Precision: ExpressibleByArgument {}
