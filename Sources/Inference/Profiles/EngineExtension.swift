import Formats
import Models

/// A technique of a program's own that changes how an engine computes.
///
/// It takes effect when ``EngineOptions/extensions`` holds it and the settings name it: those of a profile, or those
/// given. The model that it returns must give the same logits as the one that it was given, unless the technique says that
/// it is approximate.
public protocol EngineExtension: Sendable {
  /// The name that settings and profiles call it by.
  var name: String { get }

  /// The model as the extension computes it.
  ///
  /// - Parameters:
  ///   - model: the model so far.
  ///   - setting: the extension's value in the settings; it may come from a file, so nothing may be taken for granted.
  /// - Throws: an error that says what is wrong with the setting.
  func extend(_ model: any LanguageModel, setting: JSON) throws -> any LanguageModel
}
