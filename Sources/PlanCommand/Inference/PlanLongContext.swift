import ArgumentParser
import Console
import Costs
import Formats
import Planner
import Profiling

/// Users, seconds and swaps of long contexts.
package struct PlanLongContext: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "long-context", abstract: "Users at once, seconds and swaps of long contexts, at a device's limits.",
    discussion: """
      For each context: bytes of keys and values of a user, users whose keys fit, seconds of the prefill, of an answer and of a \
      switch between two users; then sessions of users who read for a while between questions, and which of the four limits \
      binds them (Fu: Challenges in Deploying Long-Context Transformers, 2024). GB are 10⁹ bytes, GiB 2³⁰.

      The device host is this machine, measured now: its arithmetic for weights of --weights bytes, its memory and, as the link \
      over which users change, the disk of temporary files.
      """)

  @Argument(help: "A name of the catalogue, a config.json, or a model's file or folder.")
  package var model: String

  @Option(help: "A device by name; host is this machine, which is measured first.")
  package var device = "A100-SXM-80GB"

  @Option(help: "Devices that share each layer.")
  package var devices = 1

  @Option(help: ArgumentHelp("Tokens; 50k is 50,000.", valueName: "tokens"))
  var context = TokenCounts([4000, 50_000, 100_000, 1_000_000])

  @Option(help: ArgumentHelp("Bytes of a weight.", valueName: "bytes"))
  package var weights = 2.0

  @Option(help: "Bits of a number of keys and values.")
  package var kvBits = 16.0

  @Option(help: "Key heads, where they are to be fewer than the model's.")
  package var kvHeads: Int?

  @Option(help: "The part of layers with keys of their own.")
  package var layersKept = 1.0

  @Flag(help: "Leave layers without keys of their own out of the prefill.")
  package var prefillSkips = false

  @Option(help: "The part of tokens that is kept.")
  package var tokensKept = 1.0

  @Option(help: "The part of a head's width that is kept.")
  package var widthKept = 1.0

  @Option(help: "How a prefill is counted: exact, paper or full.")
  package var count = "exact"

  @Flag(help: "Take the maker's GB of memory for GiB, which the chips hold.")
  package var gib = false

  @Option(help: ArgumentHelp("GB that are kept free for activations.", valueName: "GB"))
  package var reserve = 0.0

  @Option(
    help: ArgumentHelp(
      "GB a second to the host, or to this machine's disk; 20, or what the disk does.", valueName: "GB/s"))
  package var hostLink: Double?

  @OptionGroup var reached: ReachedShares

  @Option(help: "Users of the sessions.")
  package var users = 8

  @Option(help: "Questions of each user.")
  package var questions = 5

  @Option(help: "Tokens of an answer.")
  package var answer = 250

  @Option(help: ArgumentHelp("Seconds between an answer and the next question.", valueName: "seconds"))
  package var thinking = 30.0

  @Option(help: "Who leaves a full memory: lru or fifo.")
  package var eviction = "lru"

  @Option(help: ArgumentHelp("Write the rows to a CSV file.", valueName: "file"))
  package var csv: String?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  private var isHost: Bool { device.lowercased() == HostDevice.name }

  private struct Row {
    var context: Int
    var bytes: Double
    var users: Int
    var prefill: Double
    var answer: Double
    var switching: Double
    var report: SessionReport?
    var binding: SessionReport.Metric?
  }

  package func run() throws {
    guard let count = LongContextAnalysis.PrefillCount(rawValue: count) else {
      throw PlannerError.invalid(field: "--count", problem: "'\(self.count)' is none of exact, paper, full")
    }
    guard let eviction = SessionLoad.Eviction(rawValue: eviction) else {
      throw PlannerError.invalid(field: "--eviction", problem: "'\(self.eviction)' is none of lru, fifo")
    }
    let device = try isHost ? HostDevice.measured().device : DeviceCatalogue.published.device(device)
    let compression = try KeyValueCompression(
      layersKept: layersKept, prefillSkipsLayers: prefillSkips, kvHeads: kvHeads, tokensKept: tokensKept,
      bits: kvBits, widthKept: widthKept)
    let model = try LongContextModel(try ModelArgument.shape(model), weightBytes: weights)
    let link = try hostLink.map { $0 * 1e9 } ?? (isHost ? HostDevice.diskLink() : 20e9)
    let analysis = try LongContextAnalysis(
      model, on: device, devices: devices, precision: isHost ? HostDevice.precision(weightBytes: weights) : .bf16,
      hostLink: link, memory: gib ? device.memory.value / 1e9 * 0x1p30 : nil, reserve: reserve * 1e9,
      compression: compression, count: count, efficiency: reached.efficiency)
    let rows = try context.values.map { try row($0, analysis, eviction) }
    if let csv { try writeFileAtomically(csv, Array(Self.csv(rows).utf8)) }
    if output.json {
      Output.answer(json(rows, analysis).line)
    } else {
      Output.answer(text(rows, analysis))
    }
  }

  private func row(
    _ context: Int, _ analysis: LongContextAnalysis, _ eviction: SessionLoad.Eviction
  ) throws -> Row {
    let fitting = try analysis.users(context)
    var row = Row(
      context: context, bytes: try analysis.keyValueBytes(context), users: fitting,
      prefill: try analysis.prefillSeconds(context), answer: Double(answer) * (try analysis.stepSeconds(context)),
      switching: try analysis.switchSeconds(context))
    let load = try SessionLoad(
      users: users, questions: questions, context: context, answer: answer, thinking: thinking, eviction: eviction)
    guard fitting >= 1 else { return row }
    let simulation = try SessionSimulation(analysis, load)
    row.report = simulation.run()
    row.binding = simulation.binding().metric
    return row
  }

  private static func csv(_ rows: [Row]) -> String {
    var lines = [
      "context_tokens,kv_bytes,users,prefill_s,answer_s,switch_s,sessions_per_hour,mean_wait_s,binding"
    ]
    for row in rows {
      lines.append(
        [
          "\(row.context)", "\(row.bytes)", "\(row.users)", "\(row.prefill)", "\(row.answer)", "\(row.switching)",
          row.report.map { "\($0.sessionsPerHour)" } ?? "", row.report.map { "\($0.meanWait)" } ?? "",
          row.binding?.rawValue ?? "",
        ].joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func json(_ rows: [Row], _ analysis: LongContextAnalysis) -> JSON {
    func number(_ value: Double?) -> JSON { value.map { JSON.number($0) } ?? .null }
    let contexts = rows.map { row -> JSON in
      [
        "tokens": .integer(row.context), "stateBytes": .number(row.bytes), "users": .integer(row.users),
        "prefillSeconds": .number(row.prefill), "answerSeconds": .number(row.answer),
        "switchSeconds": .number(row.switching), "sessionsPerHour": number(row.report?.sessionsPerHour),
        "meanWaitSeconds": number(row.report?.meanWait),
        "evictions": row.report.map { JSON.integer($0.evictions) } ?? .null,
        "binding": row.binding.map { JSON.string($0.rawValue) } ?? .null,
      ]
    }
    return [
      "model": .string(analysis.model.name), "device": .string(analysis.device.name), "devices": .integer(devices),
      "weightBytes": .number(analysis.weightBytes), "memoryBytes": .number(analysis.memory * Double(devices)),
      "criticalBatch": .number(analysis.criticalBatch), "precision": .string(analysis.precision.rawValue),
      "linkBytesPerSecond": .number(analysis.hostLink), "contexts": .array(contexts),
    ]
  }

  private func text(_ rows: [Row], _ analysis: LongContextAnalysis) -> String {
    let memory = analysis.memory * Double(devices)
    let head =
      "\(analysis.model.name) on \(devices) × \(analysis.device.name): \(Human.fixed(analysis.weightBytes / 1e9, 1)) GB of "
      + "weights in \(Human.fixed(memory / 1e9, 1)) GB (\(Human.fixed(memory / 0x1p30, 1)) GiB), "
      + "compute-bound from \(Human.fixed(analysis.criticalBatch, 0)) users, "
      + "\(Human.fixed(analysis.hostLink / 1e9, 2)) GB/s to the \(isHost ? "disk" : "host")"
    let table = rows.map { row in
      [
        "\(row.context)", Human.fixed(row.bytes / 1e9, 2), Human.fixed(row.bytes / 0x1p30, 2), "\(row.users)",
        Human.fixed(row.prefill, 2), Human.fixed(row.answer, 2), Human.fixed(row.switching, 2),
        row.report.map { Human.fixed($0.sessionsPerHour, 1) } ?? "–",
        row.report.map { Human.fixed($0.meanWait, 1) } ?? "–", row.binding?.rawValue ?? "does not fit",
      ]
    }
    let names = [
      "tokens", "keys GB", "GiB", "users", "prefill s", "\(answer) tokens s", "switch s", "sessions/h", "wait s",
      "binding",
    ]
    return head + "\n" + Human.table([names] + table, numeric: Set(0...8))
  }
}
