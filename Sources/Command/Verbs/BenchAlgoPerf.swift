import ArgumentParser
import Console
import Tensors
import Training
import Venturi

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Training algorithms by the time they need.
package struct BenchAlgoPerf: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "algoperf", abstract: "Training algorithms, by the time that they need to reach fixed targets.",
    discussion: """
      `targets` searches four baselines and sets what counts as done, `run` adds trials to a log, `score` reads it. A folder \
      holds targets.json, targets.jsonl and trials.jsonl.
      """,
    subcommands: [AlgoPerfTargets.self, AlgoPerfRunVerb.self, AlgoPerfScoreVerb.self])

  package init() {}
}

/// What the three verbs share.
struct AlgoPerfOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The folder of targets and logs.", valueName: "folder"))
  var out = "algoperf"

  @Option(help: ArgumentHelp("Only these workloads, by name; all by default.", valueName: "names"))
  var workloads: String?

  @Option(help: "What all draws depend on.")
  var seed: UInt64 = 0

  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    if out.isEmpty { throw ValidationError("--out: the path is empty") }
  }

  func chosen() throws -> [AlgoPerfWorkload] {
    let all = AlgoPerfWorkload.small { try ModelHome().dataFolder(of: $0) }
    guard let workloads else { return all }
    return try workloads.split(separator: ",").map { name in
      guard let found = all.first(where: { $0.name == name }) else {
        throw ValidationError(
          "--workloads \(name): known are \(all.map(\.name).joined(separator: ", "))")
      }
      return found
    }
  }

  static let baselines: [BaselineSubmission] = [.adamw, .nadamw, .nesterov, .heavyBall].map { BaselineSubmission($0) }

  func targets() throws -> [String: WorkloadTarget] {
    let storage = try Storage(mapping: "\(out)/targets.json")
    let json = try storage.reading { try JSON(parsing: Array(storage.bytes)) }
    var targets: [String: WorkloadTarget] = [:]
    for member in json.members ?? [] {
      guard let validation = member.value["validation"]?.double, let test = member.value["test"]?.double,
        let seconds = member.value["seconds"]?.double, seconds > 0
      else {
        throw DataError.mismatch(
          field: "\(out)/targets.json: \(member.key)", found: String(member.value.line.prefix(64)),
          expected: "validation, test and seconds above 0")
      }
      targets[member.key] = WorkloadTarget(validation: validation, test: test, seconds: seconds)
    }
    return targets
  }
}

/// Sets the targets.
struct AlgoPerfTargets: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "targets", abstract: "Sets what counts as done.")

  @OptionGroup var options: AlgoPerfOptions
  @Option(help: "Points that each baseline is searched with.") var points = 40
  @Option(help: "Seeds that the best is run again with.") var seeds = 5
  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    if !(1...10_000).contains(points) { throw ValidationError("--points \(points): must be from 1 to 10000") }
    if !(1...1000).contains(seeds) { throw ValidationError("--seeds \(seeds): must be from 1 to 1000") }
  }

  func run() throws {
    let context = Context(threads: options.threads.threads)
    try AlgoPerfFolder.make(options.out)
    let progress = ProgressBar("algoperf")
    var studies = AlgoPerfStudies(context: context)
    studies.report = { progress.show($0) }
    let log = TrialLog(path: "\(options.out)/targets.jsonl")
    studies.log = { try log.append($0) }
    var members: [JSON.Member] = []
    for workload in try options.chosen() {
      let seconds = try studies.estimatedTargetSeconds(
        workload, baselines: AlgoPerfOptions.baselines, points: points, seeds: seeds, seed: options.seed)
      progress.finish()
      Output.note("\(workload.name): about \(Human.fixed(seconds, 0)) s")
      let target = try studies.target(
        workload, baselines: AlgoPerfOptions.baselines, points: points, seeds: seeds, seed: options.seed)
      members.append(
        JSON.Member(
          workload.name,
          [
            "metric": .string(workload.metric), "validation": .number(target.validation), "test": .number(target.test),
            "seconds": .number(target.seconds),
          ]))
    }
    progress.finish()
    let file = try OutputFile(replacing: "\(options.out)/targets.json")
    try file.write(Array((JSON.object(members).line + "\n").utf8))
    try file.commit()
    Output.answer(JSON.object(members).line)
  }
}

/// Adds trials to the log.
struct AlgoPerfRunVerb: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Runs studies and logs their trials.")

  @OptionGroup var options: AlgoPerfOptions
  @Option(help: ArgumentHelp("The submissions; all baselines by default.", valueName: "names"))
  var submissions: String?
  @Option(help: "Studies.") var studies = 3
  @Option(help: "Trials of a study.") var points = 8
  @Option(help: ArgumentHelp("A change of the workloads: activation, width, norm, init.", valueName: "name"))
  var variant: String?
  @Flag(help: "No drawn points: one trial on the clock, three times as long.") var selfTuning = false
  @OptionGroup(title: "Output") var output: OutputOptions

  func validate() throws {
    if !(1...1000).contains(studies) { throw ValidationError("--studies \(studies): must be from 1 to 1000") }
    if !(1...10_000).contains(points) { throw ValidationError("--points \(points): must be from 1 to 10000") }
    if let variant, WorkloadVariant(rawValue: variant) == nil {
      let known = WorkloadVariant.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("--variant \(variant): known are \(known)")
    }
  }

  func run() throws {
    let names =
      submissions?.split(separator: ",").map(String.init) ?? BaselineSubmission.Method.allCases.map(\.rawValue)
    let chosen = try names.map { name in
      guard let method = BaselineSubmission.Method(rawValue: name) else {
        let known = BaselineSubmission.Method.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("--submissions \(name): known are \(known)")
      }
      return BaselineSubmission(method)
    }
    let targets = try options.targets()
    let progress = ProgressBar("algoperf")
    var runner = AlgoPerfStudies(context: Context(threads: options.threads.threads))
    runner.report = { progress.show($0) }
    let log = TrialLog(path: "\(options.out)/trials.jsonl")
    var count = 0
    runner.log = {
      try log.append($0)
      count += 1
    }
    let change = variant.flatMap(WorkloadVariant.init)
    for workload in try options.chosen() {
      guard let target = targets[workload.name] else {
        throw ValidationError("\(options.out)/targets.json has no target of \(workload.name): set it first")
      }
      if let change, !workload.variants.contains(change) { continue }
      for submission in chosen {
        for study in 0..<studies {
          if selfTuning {
            _ = try runner.selfTuning(submission, workload, target: target, study: study, seed: options.seed)
          } else {
            _ = try runner.study(
              submission, workload, variant: change, target: target, study: study, points: points, seed: options.seed)
          }
        }
      }
    }
    progress.finish()
    Output.answer(output.json ? JSON.object([JSON.Member("trials", .integer(count))]).line : "\(count) trials")
  }
}

/// Scores the log.
struct AlgoPerfScoreVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Medians of workloads, profiles, scores and ranks of a log.")

  @OptionGroup var options: AlgoPerfOptions
  @Option(help: "Trials of a study that must meet the target.") var least = 1
  @Flag(help: "The area by a trapezoid of 100 points, as public code takes it.") var trapezoid = false
  @Flag(help: "Trials that tuned themselves.") var selfTuning = false
  @OptionGroup(title: "Output") var output: OutputOptions

  func run() throws {
    let records = try TrialLog(path: "\(options.out)/trials.jsonl").records().filter { $0.isSelfTuning == selfTuning }
    let times = StudyTimes(records, least: least)
    let score = try times.score()
    func number(_ value: Double) -> JSON { value.isFinite ? .rounded(value) : .null }
    func area(_ row: AlgoPerfScore.Row) -> Double { trapezoid ? row.trapezoidScore() : row.score }
    if output.json {
      let rows = score.rows.map { row -> JSON in
        let medians = times.workloads.map { workload -> JSON.Member in
          let cell = StudyTimes.Cell(row.submission, workload)
          let reason = times.reasons[cell].map { JSON.string($0) } ?? .null
          return JSON.Member(workload, ["seconds": number(times.medians[cell] ?? .infinity), "reason": reason])
        }
        return [
          "submission": .string(row.submission), "rank": .integer(row.rank), "score": .rounded(area(row)),
          "workloads": .object(medians),
          "profile": .array(row.profile.map { [.rounded($0.ratio), .rounded($0.share)] }),
        ]
      }
      return Output.answer(JSON.array(rows).line)
    }
    let table = score.rows.map { row in
      ["\(row.rank)", row.submission, Human.fixed(area(row), 3)]
        + times.workloads.map { workload in
          let seconds = times.medians[StudyTimes.Cell(row.submission, workload)] ?? .infinity
          return seconds.isFinite ? Human.fixed(seconds, 2) : "–"
        }
    }
    Output.answer(Human.table([["rank", "submission", "score"] + times.workloads] + table))
    for (cell, reason) in times.reasons.sorted(by: {
      ($0.key.submission, $0.key.workload) < ($1.key.submission, $1.key.workload)
    }) {
      Output.note("\(cell.submission) on \(cell.workload): \(reason)")
    }
  }
}

/// The folder of a benchmark.
enum AlgoPerfFolder {
  /// Makes it where it is not there; the one above must be.
  ///
  /// - Throws: `DataError`.
  static func make(_ path: String) throws(DataError) {
    if mkdir(path, 0o777) != 0, errno != EEXIST { throw .system(.cannotWrite(path: path, code: errno)) }
  }
}
