import ArgumentParser
import AtlasCommand
import Command
import Console
import Formats
import PlanCommand
import Profiling
import ServeCommand
import Testing
import TrainCommand

@Suite("Settings and arguments")
struct SettingsTests {
  @Test func aFlagCountsOverTheEnvironmentAndThatOverTheFile() throws {
    let environment = ["VENTURI_THREADS": "2", "VENTURI_JSON": "on", "VENTURI_TOP_K": "7"]
    let settings = try Settings(
      environment: { environment[$0] }, file: "threads = 9 # many\n\n temp=0.5\ntop-k = 3\n", path: "config")
    let completed = settings.completing(["run", "hello", "--top-k", "1"])
    let run = try #require(try VenturiCommand.parseAsRoot(completed) as? Run)
    #expect(run.model.loading.threads == 2)
    #expect(run.generation.temperature == 0.5)
    #expect(run.generation.topK == 1)
    #expect(run.output.json)
    #expect(run.prompt.words == "hello")
  }

  @Test func shortFlagsCountToo() throws {
    let settings = try Settings(environment: { $0 == "VENTURI_STOP" ? "a,b" : nil }, file: nil, path: "")
    #expect(settings.completing(["run", "-r", "x", "hi"]) == ["run", "-r", "x", "hi"])
    #expect(settings.completing(["run", "hi"]) == ["run", "--stop=a", "--stop=b", "hi"])
    #expect(settings.completing(["ls"]) == ["ls"])
  }

  @Test func subVerbsHaveTheirOwn() throws {
    let settings = try Settings(environment: { $0 == "VENTURI_PAIRS" ? "10" : nil }, file: nil, path: "")
    let completed = settings.completing(["bench", "attention", "--n", "64"])
    #expect(completed == ["bench", "attention", "--pairs=10", "--n", "64"])
    #expect(settings.completing(["bench", "--help"]) == ["bench", "--help"])
  }

  @Test func aProgramThatIsOneVerbHasItsSettings() throws {
    let environment = ["VENTURI_PORT": "1234", "VENTURI_API_KEY": "a,b", "VENTURI_TOP_K": "7"]
    let settings = try Settings(environment: { environment[$0] }, file: "host = ::1\n", path: "config")
    let completed = settings.completing(["-m", "other"], program: ServeProgram.verb)
    let program = try #require(try ServeProgram.parseAsRoot(completed) as? ServeProgram)
    #expect(program.network.port == 1234 && program.network.host == "::1" && program.network.apiKey == ["a", "b"])
    #expect(program.model == ["other"])
    let several = try #require(try ServeProgram.parseAsRoot(["-m", "a", "--model", "b=c"]) as? ServeProgram)
    #expect(several.model == ["a", "b=c"] && several.modelName == "a")
    #expect(try ServeProgram.parseAsRoot([]) as? ServeProgram != nil)
    #expect(
      settings.completing(["--port", "1"], program: ServeProgram.verb).filter { $0.contains("port") } == ["--port"])
  }

  @Test(arguments: ["threads", "nonsense = 1", "= 3"])
  func theFileIsChecked(_ line: String) {
    let failure = #expect(throws: CommandFailure.self) {
      try Settings(environment: { _ in nil }, file: "\n" + line, path: "config")
    }
    #expect(failure?.message.contains("line 2") == true)
    #expect(failure?.status == .usage)
  }

  @Test(arguments: ["1", "on", "True", "ENABLED"]) func wordsForYes(_ word: String) { #expect(Settings.isOn(word)) }
  @Test(arguments: ["0", "off", "", "no"]) func wordsForNo(_ word: String) { #expect(!Settings.isOn(word)) }

  /// Every long option of every verb has a setting, or a reason to have none; and every setting has its option.
  @Test func everyOptionHasItsVariable() throws {
    let options = try Self.longOptions()
    #expect(options.count > 60, "the parser was asked for its options")
    var verbs: [String: Set<String>] = [:]
    for (verb, option) in options where !Setting.isCallOnly(option, of: verb) {
      verbs[option, default: []].insert(verb)
    }
    let known = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.name, Set($0.verbs)) })
    for (option, found) in verbs {
      let isAlias = Setting.all.contains { $0.aliases.contains("--" + option) || $0.aliases.contains("-" + option) }
      if isAlias { continue }
      #expect(known[option] == found, "--\(option)")
    }
    for setting in Setting.all { #expect(verbs[setting.name] != nil, "--\(setting.name) is no option") }
    #expect(Set(Setting.all.map(\.variable)).count == Setting.all.count)
  }

  @Test func defaultsAreTheParsers() {
    let defaults = Settings.defaults()
    #expect(defaults["temp"] == "0.8" && defaults["model"] == "smollm2" && defaults["compute"] == "fast")
    #expect(defaults["json"] == "off" && defaults["seed"] == "-1" && defaults["system-prompt"] == nil)
  }

  private static func longOptions() throws -> [(verb: String, option: String)] {
    try [
      (VenturiCommand.dumpedHelp, []), (AtlasProgram.dumpedHelp, []), (ServeProgram.dumpedHelp, ["serve"]),
      (ClientProgram.dumpedHelp, []), (TrainProgram.dumpedHelp, ["train"]), (PlanProgram.dumpedHelp, []),
    ].flatMap { dump, path in collect(try #require(dump)["command"] ?? .null, path: path) }
  }

  private static func collect(_ command: JSON, path: [String]) -> [(verb: String, option: String)] {
    var found: [(verb: String, option: String)] = []
    for argument in command["arguments"]?.elements ?? [] {
      for name in argument["names"]?.elements ?? [] {
        guard let text = name["name"]?.text, name["kind"]?.text != "short" else { continue }
        found.append((path.joined(separator: " "), text))
      }
    }
    for child in command["subcommands"]?.elements ?? [] {
      let name = child["commandName"]?.text ?? ""
      if name != "help" { found += collect(child, path: path + [name]) }
    }
    return found
  }
}
