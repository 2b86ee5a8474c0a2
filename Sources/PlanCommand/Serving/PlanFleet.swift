import ArgumentParser
import ConfigurationFiles
import Console
import Costs
import Formats
import Planner

extension MelangePrediction.Workload: ExpressibleByArgument {}

/// The cheapest mix of accelerators for a service.
package struct PlanFleet: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "fleet", abstract: "The cheapest mix of accelerator types for a service (Mélange, 2024), exactly.",
    discussion: """
      The file has the fields of the authors' solver: gpu_info with cost and tputs of each type, workload_distribution, \
      total_request_rate, slice_factor; also overprovision, input_lengths and output_lengths (of the rows and columns), and min \
      and max of a type. With --profile-from-model tputs come from a device model, and a file is not needed.
      """)

  @Option(help: ArgumentHelp("The service, in JSON or YAML.", valueName: "path"))
  package var config: String?

  @Option(help: ArgumentHelp("Take the types' rates from a device model of this model.", valueName: "model"))
  package var profileFromModel: String?

  @Option(help: ArgumentHelp("Promised seconds between two tokens, on average.", valueName: "seconds"))
  package var slo = 0.12

  @Option(help: "Sizes of requests where no file says them: arena, pubmed or mixed.")
  package var workload = MelangePrediction.Workload.arena

  @Option(help: ArgumentHelp("Requests a second where no file says them.", valueName: "rate"))
  package var rate = 8.0

  @Option(help: ArgumentHelp("Devices where no file names them; repeatable.", valueName: "name"))
  package var device: [String] = []

  @Option(
    help: ArgumentHelp(
      "Serve so many seconds of random requests with the mix; needs --profile-from-model.", valueName: "seconds"))
  package var simulate: String?

  @Option(help: ArgumentHelp("After how long the best so far is answered, with its bound.", valueName: "seconds"))
  package var timeLimit: Double?

  @Option(help: "The seed of the simulated requests.")
  package var seed: UInt64 = 0

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func validate() throws {
    if config == nil, profileFromModel == nil {
      throw ValidationError("--config or --profile-from-model says which service it is")
    }
    if simulate != nil, profileFromModel == nil {
      throw ValidationError("--simulate needs --profile-from-model: a file's rates say nothing of iterations")
    }
  }

  package func run() throws {
    let file = try config.map { try FleetFile(try ConfigurationFile.read($0), hasRates: profileFromModel == nil) }
    let buckets = try file?.buckets() ?? .standard
    var profiles: [MelangeProfile] = []
    if let profileFromModel {
      profiles = try MelangePrediction.profiles(
        try ModelArgument.shape(profileFromModel), fit: try MelangePrediction.fit(),
        names: file?.types.map(\.name) ?? (device.isEmpty ? MelangePrediction.devices : device))
    }
    let types =
      try profiles.isEmpty
      ? file?.types ?? []
      : profiles.enumerated().map { index, profile in
        guard let price = file?.types[index].price ?? profile.plan.device.price?.value else {
          throw PlannerError.invalid(field: "gpu_info.\(profile.plan.device.name).cost", problem: "no price is known")
        }
        var type = profile.type(buckets, promise: slo, price: price)
        type.most = file?.types[index].most
        type.least = file?.types[index].least ?? 0
        return type
      }
    let service = try MelangeService(
      types: types, distribution: file?.distribution ?? MelangePrediction.distribution(workload, buckets),
      rate: file?.rate ?? rate,
      slices: file?.slices ?? 8, overprovision: file?.overprovision ?? 0, names: file?.names ?? buckets.names)
    let allocation = try service.solve(seconds: timeLimit)
    var validation: MelangeValidation?
    if let simulate {
      let text = simulate.hasSuffix("s") ? String(simulate.dropLast()) : simulate
      guard let seconds = Double(text) else {
        throw CommandFailure(
          status: .usage, kind: "usage", message: "--simulate \(simulate): that is no number of seconds")
      }
      validation = try MelangeValidation(
        allocation, of: service, profiles: profiles, buckets: buckets, promise: slo, seconds: seconds, seed: seed)
    }
    Output.answer(output.json ? json(service, allocation, validation).line : text(service, allocation, validation))
  }

  private func json(
    _ service: MelangeService, _ allocation: MelangeAllocation, _ validation: MelangeValidation?
  ) -> JSON {
    var members = [
      JSON.Member(
        "counts",
        .object(zip(service.types, allocation.counts).map { JSON.Member($0.name, .integer($1)) })),
      JSON.Member("cost", .rounded(allocation.cost, digits: 12)),
      JSON.Member("bound", .rounded(allocation.bound, digits: 12)),
      JSON.Member("gap", .rounded(allocation.gap)),
      JSON.Member(
        "loads", .object(zip(service.types, allocation.loads).map { JSON.Member($0.name, .rounded($1)) })),
      JSON.Member(
        "single",
        .object(
          service.types.indices.map { index in
            JSON.Member(
              service.types[index].name,
              service.single(index).map { single -> JSON in
                ["count": .integer(single.count), "cost": .rounded(single.cost, digits: 12)]
              } ?? .null)
          })),
      JSON.Member(
        "buckets",
        .array(
          service.rates.indices.filter { service.rates[$0] > 0 }.map { index in
            [
              "name": .string(service.names[index]), "rate": .rounded(service.rates[index]),
              "slices": .array(allocation.slices[index].map { .integer($0) }),
            ]
          })),
    ]
    if let validation {
      members.append(
        JSON.Member(
          "simulated",
          [
            "attainment": .rounded(validation.attainment), "meanTokenSeconds": .rounded(validation.meanGap),
            "types": .array(
              validation.fleets.map { fleet in
                [
                  "name": .string(fleet.name), "count": .integer(fleet.count), "planned": .rounded(fleet.planned),
                  "busy": .rounded(fleet.busy), "answers": .integer(fleet.answers),
                ]
              }),
          ]))
    }
    return .object(members)
  }

  private func text(
    _ service: MelangeService, _ allocation: MelangeAllocation, _ validation: MelangeValidation?
  ) -> String {
    var rows = [["type", "count", "$/h", "busy", "alone", "$/h", "saved"]]
    for (index, type) in service.types.enumerated() {
      let count = allocation.counts[index]
      let single = service.single(index)
      rows.append([
        type.name, "\(count)", Human.fixed(Double(count) * type.price, 2),
        count > 0 ? Human.fixed(100 * allocation.loads[index] / Double(count), 0) + " %" : "",
        single.map { "\($0.count)" } ?? "cannot", single.map { Human.fixed($0.cost, 2) } ?? "",
        single.map { $0.cost > 0 ? Human.fixed(100 * (1 - allocation.cost / $0.cost), 0) + " %" : "" } ?? "",
      ])
    }
    var text =
      "$\(Human.fixed(allocation.cost, 2))/h"
      + (allocation.gap > 0
        ? ", at most \(Human.fixed(100 * allocation.gap, 2)) % above the least" : ", the least there is")
      + "\n\n" + Human.table(rows, numeric: [1, 2, 3, 4, 5, 6])
    let buckets = service.rates.indices.filter { service.rates[$0] > 0 }.map { index in
      [service.names[index], Human.fixed(service.rates[index], 3)]
        + allocation.slices[index].map { $0 > 0 ? "\($0)" : "" }
    }
    text +=
      "\n\nslices of \(service.slices)\n"
      + Human.table(
        [["bucket", "requests/s"] + service.types.map(\.name)] + buckets,
        numeric: Set(1...service.types.count + 1))
    if let validation {
      let rows = validation.fleets.map { fleet in
        [
          fleet.name, "\(fleet.count)", Human.fixed(100 * fleet.planned, 0) + " %",
          Human.fixed(100 * fleet.busy, 0) + " %",
          "\(fleet.answers)",
        ]
      }
      text +=
        "\n\nsimulated: \(Human.fixed(100 * validation.attainment, 2)) % within \(Human.fixed(1e3 * slo, 0)) ms a token, "
        + "\(Human.fixed(1e3 * validation.meanGap, 1)) ms on average\n"
        + Human.table([["type", "count", "planned", "busy", "answers"]] + rows, numeric: [1, 2, 3, 4])
    }
    return text
  }
}
