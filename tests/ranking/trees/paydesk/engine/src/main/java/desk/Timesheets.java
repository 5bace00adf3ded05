package desk;

import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** When people came and went. */
public class Timesheets {
    private final Map<Employee, List<Stay>> stays = new HashMap<>();
    private final Calendar calendar;

    public Timesheets(Calendar calendar) {
        this.calendar = calendar;
    }

    /** Note that somebody came in; coming twice without going is refused. */
    public void clockIn(Employee employee, LocalDateTime at) {
        List<Stay> own = stays.computeIfAbsent(employee, key -> new ArrayList<>());
        if (!own.isEmpty() && own.get(own.size() - 1).isOpen()) {
            throw new IllegalStateException(employee + " is in already");
        }
        own.add(new Stay(at));
    }

    public void clockOut(Employee employee, LocalDateTime at) {
        List<Stay> own = stays.getOrDefault(employee, List.of());
        if (own.isEmpty() || !own.get(own.size() - 1).isOpen()) {
            throw new IllegalStateException(employee + " is not in");
        }
        own.get(own.size() - 1).close(at);
    }

    /** Minutes of a month as normal, overtime, sunday and holiday. */
    public Map<String, Integer> minutesByKind(Employee employee, LocalDate month) {
        Map<String, Integer> minutes = new HashMap<>();
        for (Stay stay : stays.getOrDefault(employee, List.of())) {
            if (!stay.isIn(month)) {
                continue;
            }
            int worked = (int) Duration.between(stay.from(), stay.to()).toMinutes() - rest(stay);
            String kind = "normal";
            if (calendar.isHoliday(stay.day())) {
                kind = "holiday";
            } else if (stay.day().getDayOfWeek() == DayOfWeek.SUNDAY) {
                kind = "sunday";
            }
            int within = kind.equals("normal") ? Math.min(worked, 480) : worked;
            minutes.merge(kind, within, Integer::sum);
            if (worked > within) {
                minutes.merge("overtime", worked - within, Integer::sum);
            }
        }
        return minutes;
    }

    private static int rest(Stay stay) {
        long hours = Duration.between(stay.from(), stay.to()).toHours();
        return hours >= 9 ? 45 : hours >= 6 ? 30 : 0;
    }

    /** People who were in on a day and never went. */
    public List<Employee> forgotten(LocalDate day) {
        List<Employee> out = new ArrayList<>();
        stays.forEach((employee, own) -> {
            if (own.stream().anyMatch(stay -> stay.isOpen() && stay.day().equals(day))) {
                out.add(employee);
            }
        });
        return out;
    }
}
