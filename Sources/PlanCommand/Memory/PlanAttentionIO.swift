import ArgumentParser
import Console
import Costs
import Formats
import Planner

/// Words that attention moves between two memories.
package struct PlanAttentionIO: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "attention-io", abstract: "Words that attention moves at least, and what each schedule moves.",
    discussion: """
      For one head: exact words of each schedule with the blocks that move the fewest, the bound of any schedule (but for a constant \
      factor), and seconds at the device's limits (Saha and Ye: The I/O Complexity of Attention, 2024). More --level options are \
      memories on the way, each with the rate to the next.
      """)

  @Option(help: ArgumentHelp("Keys.", valueName: "tokens")) package var n = 1024

  @Option(help: ArgumentHelp("Numbers of a key.", valueName: "width")) package var d = 128

  @Option(help: ArgumentHelp("Words of the fast memory.", valueName: "words")) package var cache = 98_304

  @Option(help: ArgumentHelp("Heads that share keys and values.", valueName: "count")) package var group = 1

  @Option(help: ArgumentHelp("Bytes of a word.", valueName: "bytes")) package var word = 2.0

  @Option(help: "A device by name, whose memory is the slow one.") package var device = "a100"

  @Option(help: ArgumentHelp("A further memory, WORDS:GB/s, for example 20m:5000.", valueName: "level"))
  package var level: [String] = []

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  private struct Row {
    var name: String
    var schedule: AttentionSchedule
    var words: Int
    var seconds: Double
  }

  package func run() throws {
    let io = try AttentionIO(tokens: n, width: d, memory: cache, group: group)
    let device = try DeviceCatalogue.published.device(device)
    guard let rate = device.compute[.f16] ?? device.compute[.f32] else {
      throw PlannerError.unsupportedPrecision(.f16, device: device.name)
    }
    guard word > 0, word <= 16 else {
      throw PlannerError.invalid(field: "--word", problem: "\(word) lies outside 0…16 bytes")
    }
    var rows: [Row] = []
    func add(_ name: String, _ schedule: AttentionSchedule?) throws {
      guard let schedule, io.residency(schedule) <= cache else { return }
      let words = try io.words(schedule)
      let traffic = Double(words) * word / device.bandwidth.value
      rows.append(
        Row(name: name, schedule: schedule, words: words, seconds: max(traffic, io.operations / rate.value)))
    }
    try add("naive", .naive)
    try add("flash", io.bestFlash())
    try add("keys outermost", io.bestKeysOutermost())
    try add("square products", io.squareProducts())
    try add("products", io.bestProducts())
    let best = io.bestSchedule()
    let levels = [AttentionIO.Level(words: cache, bandwidth: device.bandwidth.value)] + (try furtherLevels())
    let seconds = try io.seconds(levels: levels, wordBytes: word, operationsPerSecond: rate.value)
    let backward = try? io.backwardWords()
    if output.json {
      let list = rows.map { row -> JSON in
        [
          "name": .string(row.name), "words": .integer(row.words), "ratio": .number(Double(row.words) / io.bound),
          "blocks": .string(blocks(row.schedule)), "residentWords": .integer(io.residency(row.schedule)),
          "seconds": .number(row.seconds),
        ]
      }
      return Output.answer(
        JSON.object([
          JSON.Member("bound", .number(io.bound)), JSON.Member("least", .number(io.least)),
          JSON.Member("best", .string(best.name)), JSON.Member("seconds", .number(seconds)),
          JSON.Member("backwardWords", backward.map { .integer($0) } ?? .null), JSON.Member("rows", .array(list)),
        ]).line)
    }
    let table = rows.map { row in
      [
        row.name, "\(row.words)", Human.fixed(Double(row.words) / io.bound, 2), blocks(row.schedule),
        "\(io.residency(row.schedule))", Human.fixed(row.seconds * 1e6, 2),
      ]
    }
    Output.answer(
      "at least \(Human.fixed(io.bound, 0)) words but for a factor, \(Human.fixed(io.least, 0)) exactly; best: \(best.name), "
        + "\(Human.fixed(seconds * 1e6, 2)) µs\n"
        + Human.table([["", "words", "of the bound", "blocks", "resident", "µs"]] + table, numeric: [1, 2, 4, 5])
        + (backward.map { "\nbackward, keys outermost: \($0) words" } ?? ""))
  }

  private func blocks(_ schedule: AttentionSchedule) -> String {
    switch schedule {
    case .naive: "1 × 1"
    case .flash(let rows, let columns), .keysOutermost(let rows, let columns): "\(rows) × \(columns)"
    case .products(let a, let b): "\(a.rows) × \(a.columns), \(b.rows) × \(b.columns)"
    }
  }

  private func furtherLevels() throws -> [AttentionIO.Level] {
    try level.map { text in
      let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, let words = TokenCounts(argument: parts[0])?.values, words.count == 1,
        let rate = Double(parts[1])
      else { throw PlannerError.invalid(field: "--level", problem: "'\(text)' is no pair like 20m:5000") }
      return AttentionIO.Level(words: words[0], bandwidth: rate * 1e9)
    }
  }
}
