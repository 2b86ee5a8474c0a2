import ArgumentParser
import Console
import Formats
import Planner

/// What a workload costs by profiles.
package struct PlanIdealizedCost: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "cost", abstract: "Time, money and energy of a workload, and the models that no other beats.",
    discussion: "A workload is a CSV table with the columns prompt, output and, where they differ, count.")

  @Argument(help: ArgumentHelp("Profiles; with an accuracy as PATH=ACCURACY they are compared.", valueName: "profile"))
  package var profiles: [String]

  @Option(help: ArgumentHelp("A CSV file with the columns prompt, output and count.", valueName: "file"))
  package var workload: String

  @Option(help: "Devices of the stack.")
  package var devices = 1

  @Option(help: ArgumentHelp("US dollars an hour of a device.", valueName: "$/h"))
  package var price: Double?

  @Option(help: "Watts of a device.")
  package var watts: Double?

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    let table = try PlanTable(workload)
    let counts = table.has("count") ? try table.integers("count") : nil
    let pairs = zip(try table.integers("prompt"), try table.integers("output"))
    let load = try RuntimeWorkload(
      pairs.enumerated().map { index, pair in
        RuntimeWorkload.Query(prompt: pair.0, output: pair.1, count: counts?[index] ?? 1)
      })
    let rows = try profiles.map { argument -> (name: String, accuracy: Double?, cost: RuntimeWorkload.Cost) in
      let parts = argument.split(separator: "=", omittingEmptySubsequences: false)
      let accuracy = parts.count == 2 ? Double(parts[1]) : nil
      guard parts.count == 1 || accuracy != nil else {
        throw PlannerError.invalid(field: "profile", problem: "'\(argument)' is not PATH or PATH=ACCURACY")
      }
      let profile = try RuntimeProfileFile.read(String(parts[0]))
      return (String(parts[0]), accuracy, try load.cost(profile, devices: devices, price: price, watts: watts))
    }
    let front = Set(ParetoFront.indices(rows.map { ($0.cost.seconds, $0.accuracy ?? .nan) }))
    func number(_ value: Double?) -> JSON { value.map { JSON.number($0) } ?? .null }
    if output.json {
      Output.answer(
        JSON.array(
          rows.enumerated().map { index, row in
            [
              "profile": .string(row.name), "seconds": .number(row.cost.seconds),
              "dollars": number(row.cost.dollars),
              "joules": number(row.cost.joules),
              "accuracy": number(row.accuracy), "isOnFront": .bool(front.contains(index)),
            ]
          }
        ).line)
    } else {
      let table = rows.enumerated().map { index, row in
        [
          row.name, Human.fixed(row.cost.seconds, 3), row.cost.dollars.map { Human.fixed($0, 4) } ?? "–",
          row.cost.joules.map { Human.fixed($0, 1) } ?? "–", row.accuracy.map { Human.fixed($0, 4) } ?? "–",
          front.contains(index) ? "yes" : "",
        ]
      }
      Output.answer(
        Human.table([["profile", "s", "$", "J", "accuracy", "unbeaten"]] + table, numeric: [1, 2, 3, 4]))
    }
  }
}
