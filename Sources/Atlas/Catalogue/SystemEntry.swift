import Formats

/// A row of the catalogue: one published system, where it is at home and how far it is built.
public struct SystemEntry: Sendable, Hashable {
  /// How far a system is built.
  public enum State: String, Sendable, Hashable, CaseIterable {
    /// Not begun.
    case planned
    /// Some of its sheet holds.
    case partial
    /// All of its sheet holds: it has its folder, README, tests and reproduction.
    case works
  }

  /// Its number, 1…114.
  public let number: Int
  /// Its name in paths and on the command line.
  public let slug: String
  /// Its name.
  public let name: String
  /// What kind of system it is.
  public let family: SystemFamily
  /// The room of the house that it is at home in.
  public let room: SystemRoom
  /// The paper's identifier at arXiv, where it is known.
  public let arXiv: String?
  /// What it does, in one sentence.
  public let summary: String
  /// Words that it is found by, separated by commas.
  public let keywords: String
  /// The folder of its code in the room, where that is not named after it.
  public let folder: String?
  /// How far it is built.
  public let state: State

  init(
    _ number: Int, _ slug: String, _ name: String, _ family: SystemFamily, _ room: SystemRoom, arXiv: String? = nil,
    _ summary: String, keywords: String, folder: String? = nil, state: State = .planned
  ) {
    self.number = number
    self.slug = slug
    self.name = name
    self.family = family
    self.room = room
    self.arXiv = arXiv
    self.summary = summary
    self.keywords = keywords
    self.folder = folder
    self.state = state
  }

  /// The number as the sheets have it: `067`.
  public var label: String { String(repeating: "0", count: max(0, 3 - String(number).count)) + String(number) }

  /// Where the paper is.
  public var link: String? { arXiv.map { "https://arxiv.org/abs/\($0)" } }

  /// `number`, `slug`, `name`, `family`, `room`, `state`, `summary` and `paper`.
  public var json: JSON {
    [
      "number": .integer(number), "slug": .string(slug), "name": .string(name), "family": .string(family.title),
      "room": .string(room.folder), "state": .string(state.rawValue), "summary": .string(summary),
      "paper": link.map { .string($0) } ?? .null,
    ]
  }
}
