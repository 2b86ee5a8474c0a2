import Atlas
import Catalogue
import Formats
import Foundation
import Plots
import Profiling
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What a result says of itself, and how it is written down.
@Suite struct ResultTests {
  @Test func theMedianDecides() {
    // The interval reaches below the target; the median does not.
    let estimate = RatioEstimate(ours: [1, 1, 1, 1, 1], theirs: [1.1, 1.16, 1.17, 1.2, 1.3])
    var measure = Measure("m", unit: "ms", ours: Summary([1]), ratio: estimate, target: .atLeast(1.15))
    #expect(measure.met == true && (estimate?.low ?? 2) < 1.15)
    measure.target = .atLeast(1.18)
    #expect(measure.met == false && (estimate?.high ?? 0) > 1.18)
    measure.target = nil
    #expect(measure.met == nil)
  }

  @Test func targetsOfAllSubjects() {
    let measure = Measure("m", unit: "bytes", ours: Summary([10]), peer: Summary([70]))
    for (target, met) in [
      (Measure.Target.atMost(10, .ours), true), (.atMost(9.9, .ours), false), (.atLeast(70, .peer), true),
      (.atLeast(71, .peer), false), (.atLeast(1), nil),
    ] as [(Measure.Target, Bool?)] {
      var measure = measure
      measure.target = target
      #expect(measure.met == met)
    }
    let nothing = Measure("m", unit: "", ours: Summary([.nan]), target: .atMost(1, .ours))
    #expect(nothing.met == nil)
  }

  @Test func absentIsNeitherMetNorMissed() {
    let measure = Samples.measure(nil, absent: "not installed")
    #expect(measure.met == nil && Samples.result(measures: [measure]).outcome == .reproduced)
    let json = measure.json
    #expect(json["met"] == .null && json["ratio"] == .null && json["peer"] == .null)
    #expect(json["absent"]?.text == "not installed" && json["target"]?.double == 1.5)
  }

  @Test func outcomes() {
    let bad = Check("b", passed: false)
    let missed = Samples.measure(1.2)
    #expect(missed.met == false)
    #expect(Samples.result().outcome == .reproduced)
    #expect(Samples.result(measures: [Samples.measure(), missed]).outcome == .targetMissed)
    #expect(Samples.result(predictions: [Samples.prediction(of: 111)]).outcome == .targetMissed)
    #expect(Samples.result(checks: [bad], measures: []).outcome == .checkFailed)
    #expect(Samples.result(checks: [bad], measures: [missed]).outcome == .checkFailed)
    #expect(Samples.result(checks: [], measures: []).outcome == .checkFailed, "nothing checked is nothing reproduced")
  }

  @Test func theShapeOfAResult() throws {
    let json = try JSON(parsing: Samples.result(quick: true).json.line)
    #expect(json["system"]?["number"]?.int == 67 && json["quick"] == .bool(true))
    #expect(json["machine"]?["processor"]?.text == "A processor")
    #expect(json["unbuilt"]?.elements?.count == 1)
    let prediction = try #require(json["predictions"]?.elements?.first)
    for key in ["name", "predicted", "published", "error", "limit", "met", "verified", "heldOut"] {
      #expect(prediction[key] != nil, "\(key)")
    }
    #expect(prediction["error"]?.double == 0.05 && prediction["met"] == .bool(true))
    let check = try #require(json["checks"]?.elements?.first)
    #expect(check["name"]?.text == "it holds" && check["passed"] == .bool(true))
    let measure = try #require(json["measures"]?.elements?.first)
    for key in ["name", "ours", "peer", "peerName", "ratio", "low", "high", "target", "met"] {
      #expect(measure[key] != nil && measure[key] != .null, "\(key)")
    }
    #expect(measure["ours"]?.double == 11 && measure["peer"]?.double == 5.5 && measure["ratio"]?.double == 2)
  }

  /// An experiment that does as it is told.
  private struct Scripted: Reproduction {
    static let number = 1
    static let unbuilt: [String] = []
    var passes = true
    func checks(_ conditions: RunConditions) throws -> [Check] {
      try conditions.next("checks")
      return [try Check("c") { if passes { (true, "") } else { throw StoreError.damaged(path: "p", problem: "q") } }]
    }
    func measures(_ conditions: RunConditions) throws -> [Measure] {
      try conditions.next("measures")
      _ = try conditions.turn { 1 }()
      return [Samples.measure()]
    }
  }

  private static let nowhere = PeerCatalogue(home: "/nonexistent")

  @Test func nothingIsMeasuredOfWhatIsWrong() async throws {
    let conditions = RunConditions(peers: Self.nowhere, machine: ["processor": "P"])
    let good = try await Scripted().run(conditions)
    #expect(good.outcome == .reproduced && good.measures.count == 1 && good.entry.number == 1)
    let bad = try await Scripted(passes: false).run(conditions)
    #expect(bad.outcome == .checkFailed && bad.measures.isEmpty && bad.plots.isEmpty)
    #expect(bad.checks.first?.detail.contains("p: ") == true)
  }

  @Test func aRunCanBeCancelled() async {
    let conditions = RunConditions(peers: Self.nowhere, machine: .null, isCancelled: { true })
    await #expect(throws: CancellationError.self) { try await Scripted().run(conditions) }
    await #expect(throws: CancellationError.self) { try await FlashAttention2().run(conditions) }
    #expect(throws: CancellationError.self) { try conditions.turn { 1 }() }
  }

  @Test func reproductionsAreOfSystems() {
    let numbers = Reproductions.all.map { type(of: $0).number }
    #expect(Set(numbers).count == numbers.count && numbers.allSatisfy { 1...114 ~= $0 })
    for entry in Catalogue.entries {
      let reproduction = Reproductions.of(entry)
      #expect((reproduction == nil) == (entry.state == .planned), "\(entry.slug)")
      // What is built by half says what is missing.
      if entry.state == .partial { #expect(reproduction.map { !type(of: $0).unbuilt.isEmpty } == true) }
    }
  }

  @Test func theReportShowsWhatWasMissed() throws {
    let result = Samples.result(measures: [
      Samples.measure(), Samples.measure(1.2), Samples.measure(nil, absent: "not installed"),
    ])
    let runs = [
      ResultStore.Run(id: 1, system: 67, date: result.date, machine: "A processor", quick: false, result: result.json),
      ResultStore.Run(id: 2, system: 67, date: "d", machine: "Another", quick: true, result: result.json),
    ]
    let table: JSON = [
      "machine": ["processor": "P"], "model": "/a/path/model.gguf",
      "rows": [
        [
          "test": "pp512", "threads": 2, "ours": ["median": 100.0], "strongest": "x", "peers": ["x": ["median": 80.0]],
          "ratio": ["median": 1.25, "low": 1.2, "high": 1.3], "absent": ["y": "not installed"],
        ]
      ],
    ]
    let report = ResultsReport(runs: runs, tables: [.init(date: "d", content: table)])
    let page = report.markdown
    for text in [
      "## 067 FlashAttention-2: partial", "**missed: a \\| b**", "**missed**", "absent: not installed", "2 ×",
      "≥ 1.5 ×",
      "the other half", "no headline", "Another", "](Results/067-time.svg)", "](Results/067-time-2.svg)", "model.gguf",
      "1.25 × (1.2–1.3)", "absent: y", "114 systems",
    ] {
      #expect(page.contains(text), "\(text)")
    }
    #expect(!page.contains("/a/path"))
    for line in page.split(separator: "\n") where line.hasPrefix("|") && line.contains("GFLOP") {
      #expect(line.replacing("\\|", with: "").split(separator: "|").count == 7, "\(line)")
    }
    #expect(
      report.files.map(\.path) == [
        "RESULTS.md", "Results/results.json", "Results/067-time.svg", "Results/067-speed.svg", "Results/067-time-2.svg",
        "Results/067-speed-2.svg",
      ])
    #expect(report.data["systems"]?.elements?.count == 114 && report.data["results"]?.elements?.count == 2)
  }

  @Test func anEmptyStoreHasAPage() {
    let report = ResultsReport(runs: [])
    #expect(report.markdown.contains("No system was reproduced yet") && report.files.count == 2)
  }

  @Test func plotsComeBackFromTheirData() throws {
    for plot in [Samples.plot, Samples.bars] { #expect(try Plot(JSON(parsing: plot.json.line)) == plot) }
    #expect(Plot(["name": "../x", "title": "t"]) == nil && Plot(.null) == nil)
    var hostile = Samples.plot.json.members ?? []
    hostile[0].value = "../../etc/x"
    #expect(Plot(.object(hostile)) == nil)
  }

  @Test(arguments: [Samples.plot, Samples.bars, Plot("e", title: "none", x: .init("x"), y: .init("y"), series: [])])
  func picturesAreWellFormed(_ plot: Plot) throws {
    let reader = ElementReader()
    let parser = XMLParser(data: Data(plot.svg.utf8))
    parser.delegate = reader
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(reader.names.first == "svg" && reader.names.contains("title"))
    if plot.kind == .lines, let series = plot.series.first {
      #expect(reader.names.count { $0 == "polyline" } == plot.series.count)
      #expect(reader.names.count { $0 == "circle" } == plot.series.count * series.points.count)
    }
    if plot.kind == .bars { #expect(reader.names.count { $0 == "rect" } == plot.series.count + 1) }
    #expect(reader.text.contains(plot.title) && reader.text.contains(plot.y.label))
    #expect(!plot.svg.contains("nan") && !plot.svg.contains("inf") && plot.svg.contains("prefers-color-scheme: dark"))
  }

  @Test func figuresThatAreNoneDrawNothingWrong() {
    let points: [Plot.Point] = [.init(x: 0, y: .nan), .init(x: -1, y: .infinity), .init(x: 4, y: 0)]
    for kind in [Plot.Kind.lines, .bars] {
      let axis = Plot.Axis("a", logarithmic: true)
      let svg = Plot("p", title: "t", kind: kind, x: axis, y: axis, series: [.init("s", points)]).svg
      #expect(XMLParser(data: Data(svg.utf8)).parse() && !svg.contains("nan") && !svg.contains("inf\""))
    }
  }

  @Test(arguments: [5e-324, 1e-310, 1e300, 1e308])
  func figuresAtTheEndsOfNumbersDrawNothingWrong(_ size: Double) {
    let points: [Plot.Point] = [.init(x: 1, y: size), .init(x: 2, y: -size), .init(x: size, y: 1)]
    for (kind, logarithmic) in [(Plot.Kind.lines, true), (.lines, false), (.bars, false)] {
      for points in [points, [points[0]], [points[1]]] {
        let axis = Plot.Axis("a", logarithmic: logarithmic)
        let series = points.map { Plot.Series("s", [$0]) } + [Plot.Series("all", points)]
        let svg = Plot("p", title: "t", kind: kind, x: axis, y: axis, series: series).svg
        #expect(XMLParser(data: Data(svg.utf8)).parse() && !svg.contains("nan") && !svg.contains("inf"))
      }
    }
  }

  private final class ElementReader: NSObject, XMLParserDelegate {
    var names: [String] = []
    var text = ""
    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String] = [:]
    ) { names.append(name) }
    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
  }
}
