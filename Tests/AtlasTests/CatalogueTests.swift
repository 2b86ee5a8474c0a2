import Catalogue
import Foundation
import Testing

/// The catalogue is whole, and says of no system more than is there.
@Suite struct CatalogueTests {
  static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  @Test func all114AreThereOnce() {
    #expect(Catalogue.entries.map(\.number) == Array(1...114))
    #expect(Set(Catalogue.entries.map(\.slug)).count == 114)
    #expect(Set(Catalogue.entries.map(\.name)).count == 114)
    #expect(Set(Catalogue.entries.map(\.summary)).count == 114)
    #expect(Set(Catalogue.entries.compactMap(\.arXiv)).count == Catalogue.entries.compactMap(\.arXiv).count)
  }

  @Test func rowsAreFilledIn() {
    for entry in Catalogue.entries {
      #expect(entry.slug.wholeMatch(of: /[a-z0-9]+(-[a-z0-9]+)*/) != nil, "\(entry.slug)")
      #expect(entry.summary.hasSuffix(".") && entry.summary.count > 40, "\(entry.slug)")
      #expect(entry.keywords.split(separator: ",").count >= 4, "\(entry.slug)")
      #expect(!entry.name.isEmpty && entry.label.count == 3)
      if let id = entry.arXiv { #expect(id.wholeMatch(of: /[0-9]{4}\.[0-9]{4,5}/) != nil, "\(entry.slug)") }
    }
    #expect(Catalogue.entries.filter { $0.arXiv == nil }.map(\.number) == [83])
    let counts = SystemFamily.allCases.map { family in Catalogue.entries.count { $0.family == family } }
    #expect(counts == [19, 16, 14, 12, 13, 13, 12, 9, 6])
  }

  @Test func flashAttention2IsPartial() throws {
    let entry = try #require(Catalogue.entry("67"))
    #expect(entry.slug == "flash-attention-2" && entry.state == .partial && entry.room == .mixers)
    for call in ["067", "flash-attention-2", "FlashAttention-2", "Flash Attention 2"] {
      #expect(Catalogue.entry(call) == entry, "\(call)")
    }
    for call in ["0", "115", "-1", "", "flash", "99999999999999999999"] { #expect(Catalogue.entry(call) == nil) }
  }

  @Test func whatWorksIsThere() {
    for entry in Catalogue.entries where entry.state == .works {
      #expect(WorkingSystem(entry, root: Self.root).missing == [], "\(entry.slug)")
    }
  }

  /// The test above can fail: a row that says `works` and has nothing, or only a part, is found out.
  @Test func whatOnlySaysSoIsFoundOut() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "venturi-works-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let entry = try #require(Catalogue.entry("67"))
    let all = ["folder", "README", "tests", "reproduction", "experiment without rests"]
    #expect(WorkingSystem(entry, root: folder).missing == all)
    let code = folder.appending(path: "Sources/Mixers/DenseAttention")
    try FileManager.default.createDirectory(at: code, withIntermediateDirectories: true)
    #expect(WorkingSystem(entry, root: folder).missing == Array(all.dropFirst()))
    try Data("# It\n".utf8).write(to: code.appending(path: "README.md"))
    #expect(WorkingSystem(entry, root: folder).missing == Array(all.dropFirst(2)))
    let tests = folder.appending(path: "Tests/MixersTests/DenseAttention")
    try FileManager.default.createDirectory(at: tests, withIntermediateDirectories: true)
    #expect(WorkingSystem(entry, root: folder).missing == Array(all.dropFirst(2)), "a folder without a test is none")
    try Data("@Test func it() {}\n".utf8).write(to: tests.appending(path: "Its.swift"))
    #expect(WorkingSystem(entry, root: folder).missing == Array(all.dropFirst(3)))
    // FlashAttention-2 in this checkout: its experiment is there, and says itself that it is not the whole.
    #expect(WorkingSystem(entry, root: Self.root).missing == ["experiment without rests"])
    let planned = try #require(Catalogue.entries.first { $0.state == .planned })
    #expect(WorkingSystem(planned, root: Self.root).missing.contains("folder"))
  }

  @Test(arguments: [
    ("long context", [71, 9, 8], 6), ("long context", [101], 12), ("optimizer offloading", [55, 88], 3),
    ("mixture of experts", [40, 42, 107, 114], 4), ("flash attention", [67], 1),
    ("pipeline parallelism", [36], 1), ("concept bottleneck", [39, 47, 51, 64], 4), ("LoRA fine-tuning", [37, 7], 6),
    ("KV cache", [16, 8, 101], 10), ("quantised experts", [107], 1), ("object detector", [18], 1),
    ("stragglers", [41, 33], 2), ("test-time compute", [21, 85, 110, 113], 5), ("optimizer comparison", [76], 1),
    ("scheduling prefill and decode", [78, 111], 4), ("067", [67], 1), ("gaussian", [28], 1), ("D²MoE", [107], 1),
  ])
  func searchFinds(_ query: String, _ wanted: [Int], _ within: Int) {
    let found = CatalogueSearch().hits(query).prefix(within).map(\.entry.number)
    for number in wanted { #expect(found.contains(number), "\(query): \(number) not among \(Array(found))") }
  }

  @Test func searchReadsTheTexts() throws {
    // The words of a row find it: nothing is kept by query.
    var missed: [Int] = []
    let search = CatalogueSearch()
    for entry in Catalogue.entries {
      if search.hits(entry.summary).first?.entry != entry { missed.append(entry.number) }
      if search.hits(entry.name).first?.entry != entry { missed.append(entry.number) }
    }
    #expect(missed == [])
    #expect(search.hits("").isEmpty && search.hits("the of").isEmpty && search.hits("zzzyzx").isEmpty)
    let scores = search.hits("attention").map(\.score)
    #expect(scores == scores.sorted(by: >) && scores.count > 15)
  }

  @Test func endingsDoNotCount() {
    let search = CatalogueSearch()
    for words in [["schedule", "scheduling", "schedules", "scheduler"], ["quantisation", "quantise", "quantised"]] {
      let found = words.map { Set(search.hits($0).map(\.entry.number)) }
      #expect(found.allSatisfy { $0 == found[0] && !$0.isEmpty }, "\(words): \(found.map { $0.sorted() })")
    }
  }
}
