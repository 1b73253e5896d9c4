"""A copy of the project that one worker spoils and mends, and what its commands should leave there."""
import pathlib
import shutil

from drivers import results, shim


class World:
    """Copies of a project in which scenarios run one after the other; their output is out/."""

    def __init__(self, program, project, folder):
        self.program, self.folder = program, folder
        self.out = folder / "out"
        self.log = folder.parent / (folder.name + ".calls")
        shutil.copytree(project, folder, symlinks=True)

    def clean(self, scenario):
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        if scenario.before:
            outcome = self.run(scenario.before)
            if outcome.code or outcome.signal:
                raise RuntimeError(outcome.told())

    def run(self, words, environment=None, limit=120.0):
        return self.program.run(words, self.folder, environment, limit)

    def counting(self):
        self.log.unlink(missing_ok=True)
        return shim.counting(self.program, self.out, self.log)

    def acting(self, action, at, error=0, kinds=()):
        self.log.unlink(missing_ok=True)
        return shim.acting(self.program, self.out, self.log, action, at, error, kinds)

    def calls(self):
        return shim.read_calls(self.log)

    def snapshot(self):
        return results.snapshot(self.out)

    def reference(self, scenario, runs=2):
        """What the scenario leaves when nothing disturbs it: contents, calls, seconds. The second run shows that it
        leaves the same each time."""
        self.clean(scenario)
        outcome = self.run(scenario.words, self.counting())
        if outcome.code or outcome.signal:
            raise RuntimeError(f"{scenario.name} fails undisturbed: {outcome.told()}")
        calls, content = self.calls(), self.snapshot()
        if runs == 1:
            return Reference(content, calls, outcome.seconds)
        self.clean(scenario)
        again = self.run(scenario.words)
        changed = results.differences(content, self.snapshot())
        if again.code or changed:
            raise RuntimeError(f"{scenario.name} is not the same twice: {changed}\n{again.told()}")
        return Reference(content, calls, again.seconds)

    def finish(self, scenario, reference):
        """Runs the same command to its end: complaints, empty when all is as if nothing had been."""
        outcome = self.run(scenario.words)
        complaints = outcome.faults()
        is_done = scenario.refuses_done and outcome.code == 2 and "exists already" in outcome.err
        if outcome.code and not is_done:
            complaints += [f"the same command does not go on: exit code {outcome.code}", outcome.told()]
        return complaints + results.differences(reference.content, self.snapshot())


class Reference:
    """What an undisturbed run left, which calls it made and how long it took."""

    def __init__(self, content, calls, seconds):
        self.content, self.calls, self.seconds = content, calls, seconds


def path_for_report(world, path):
    try:
        return str(pathlib.Path(path).relative_to(world.folder))
    except ValueError:
        return str(path)
